// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <vector>

#include "input.hpp"

namespace fairway::fuzz {

using Bytes = std::vector<std::uint8_t>;

/// A frame as the input says: one of a few bytes that make a good packet between the addresses of the site, or one that
/// stands in the input as it is; then, if the input wants, damaged byte by byte, and its checksums put right again.
Bytes read_frame(Input& input, bool is_from_inside);

/// Puts the checksums of the frame's IPv4 packet right, as far as its lengths let them be found.
void repair_checksums(Bytes& frame);

/// Whether the checksum of an IPv4 header at `at` is right.
bool has_right_header(const Bytes& frame, std::size_t at);
/// Likewise of TCP, UDP (none is right) or ICMP behind it; true of what has none.
bool has_right_transport(const Bytes& frame, std::size_t at);

}  // namespace fairway::fuzz
