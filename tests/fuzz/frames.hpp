// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "input.hpp"

namespace fairway::fuzz {

using Bytes = std::span<const std::uint8_t>;

/// Room for one frame, used again and again.
struct Frame {
  std::array<std::uint8_t, 4096> room;
  std::size_t size = 0;

  Bytes bytes() const { return {room.data(), size}; }
  std::uint8_t& operator[](std::size_t at) { return room[at]; }
  std::uint8_t operator[](std::size_t at) const { return room[at]; }

  void put8(std::size_t value) { room[size++] = static_cast<std::uint8_t>(value); }
  void put16(std::size_t value) { put8(value >> 8), put8(value); }
  void put32(std::uint32_t value) { put16(value >> 16), put16(value & 0xffff); }
  void fill(std::size_t count, std::uint8_t value) {
    std::memset(room.data() + size, value, count);
    size += count;
  }
};

/// By whose MAC addresses a frame is made.
enum class Origin : std::uint8_t { client, server, kernel };

/// A frame as the input says: one of a few bytes that make a good packet between the addresses of the site, or one that
/// stands in the input as it is; then, if the input wants, damaged byte by byte, and its checksums put right again.
void read_frame(Input& input, Origin origin, Frame& frame);

/// Puts the checksums of the frame's IPv4 packet right, as far as its lengths let them be found.
void repair_checksums(Frame& frame);

/// Whether the checksum of an IPv4 header at `at` is right.
bool has_right_header(Bytes frame, std::size_t at);
/// False of UDP with the checksum zero, which means that there is none.
bool has_checksum(Bytes frame, std::size_t at);
/// Whether the checksum is right of TCP, UDP (none is right) or ICMP behind it; true of what has none.
bool has_right_transport(Bytes frame, std::size_t at);

}  // namespace fairway::fuzz
