// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fairway::tests {

/// RFC 1071, 4.1 as it stands there, one big-endian word after the other: what faster code is held against.
inline std::uint16_t naive_sum(std::span<const std::uint8_t> bytes, std::uint32_t start = 0) {
  std::uint32_t sum = start;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? bytes[i] * 256u : bytes[i];
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<std::uint16_t>(sum);
}

inline std::uint16_t naive_checksum(std::span<const std::uint8_t> bytes, std::uint32_t start = 0) {
  return static_cast<std::uint16_t>(0xffff - naive_sum(bytes, start));
}

}  // namespace fairway::tests
