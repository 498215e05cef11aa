// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "net/address.hpp"
#include "net/endian.hpp"

/// The Internet checksum (RFC 1071) and its incremental update (RFC 1624, equation 3). The sum of 16-bit words does not
/// depend on their byte order, so all of this works on words as they lie in memory.
namespace fairway::net {

/// Folds the carries of a sum of 16-bit words back into 16 bits.
constexpr std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffu) + (sum >> 16);
  sum = (sum & 0xffffu) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// Sum of the 16-bit words of `length` bytes, an odd last byte padded with zero; not folded, not complemented.
std::uint64_t sum_words(const void* data, std::size_t length);

/// The checksum to be stored in a header over `length` bytes in which the checksum field is zero.
Big16 checksum(const void* data, std::size_t length);

/// What a change of some 16-bit words adds to a checksum: collected once, applied to every checksum that covers them.
class ChecksumChange {
 public:
  constexpr void replace(std::uint16_t before_raw, std::uint16_t after_raw) {
    sum_ += static_cast<std::uint16_t>(~before_raw) + std::uint64_t{after_raw};
  }
  constexpr void replace(Big16 before, Big16 after) { replace(before.raw(), after.raw()); }
  constexpr void replace(ServicePort before, ServicePort after) { replace(before.number, after.number); }
  constexpr void replace(Ipv4Address before, Ipv4Address after) {
    const std::uint32_t b = before.number.raw(), a = after.number.raw();
    replace(static_cast<std::uint16_t>(b), static_cast<std::uint16_t>(a));
    replace(static_cast<std::uint16_t>(b >> 16), static_cast<std::uint16_t>(a >> 16));
  }
  /// HC' = ~(~HC + ~m + m').
  constexpr Big16 apply(Big16 checksum) const {
    return Big16::from_raw(static_cast<std::uint16_t>(~fold(static_cast<std::uint16_t>(~checksum.raw()) + sum_)));
  }

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace fairway::net
