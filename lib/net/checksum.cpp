// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/checksum.hpp"

namespace fairway::net {

std::uint64_t sum_words(const void* data, std::size_t length) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  std::uint64_t sum = 0;
  for (; length >= 4; bytes += 4, length -= 4) {
    std::uint32_t word;
    std::memcpy(&word, bytes, sizeof word);
    sum += word;  // two 16-bit words at once: fold() brings the high half down
  }
  if (length >= 2) {
    std::uint16_t word;
    std::memcpy(&word, bytes, sizeof word);
    sum += word;
    bytes += 2;
    length -= 2;
  }
  if (length == 1) {
    std::uint16_t word = 0;
    std::memcpy(&word, bytes, 1);
    sum += word;
  }
  return sum;
}

Big16 checksum(const void* data, std::size_t length) {
  return Big16::from_raw(static_cast<std::uint16_t>(~fold(sum_words(data, length))));
}

}  // namespace fairway::net
