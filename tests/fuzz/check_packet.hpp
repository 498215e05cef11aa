// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "director.hpp"

namespace fairway::fuzz {

/// What must hold of packet `i` of a burst that forward::run was through with.
void check_packet(const forward::Burst& burst, std::uint32_t i, const Received& packet);

/// Likewise, forward::run_from_kernel.
void check_packet_from_kernel(const forward::Burst& burst, std::uint32_t i, const Received& packet);

}  // namespace fairway::fuzz
