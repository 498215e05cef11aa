// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "net/address.hpp"
#include "net/endian.hpp"

/// The Internet checksum (RFC 1071) and its incremental update (RFC 1624, equation 3). The sum of 16-bit words does not
/// depend on their byte order, so all of this works on words as they lie in memory.
namespace fairway::net {

/// Folds the carries of a sum of 16-bit words back into 16 bits. A wider word counts as the sum of those in it, since 2^16
/// is 1 to this arithmetic; so words may be summed two at a time.
constexpr std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffffffffu) + (sum >> 32);
  const auto half = static_cast<std::uint32_t>(sum) + static_cast<std::uint32_t>(sum >> 32);
  // Both halves added crosswise: the upper half of the result has had the lower one's carry.
  return static_cast<std::uint16_t>((half + std::rotl(half, 16)) >> 16);
}

/// As below, of the 20 bytes of an IPv4 header without options; it may fill all 64 bits, so that nothing can be added to it.
inline std::uint64_t sum_ipv4_words(const void* header) {
  std::array<std::uint64_t, 2> words;
  std::uint32_t last;
  std::memcpy(words.data(), header, sizeof words);
  std::memcpy(&last, static_cast<const std::uint8_t*>(header) + sizeof words, sizeof last);
  const auto add = [](std::uint64_t a, std::uint64_t b) { return a + b + (a + b < a ? 1 : 0); };  // 2^64 is 1 too
  return add(add(words[0], words[1]), last);
}

/// Sum of the 16-bit words of `length` bytes, an odd last byte padded with zero; not folded, not complemented.
std::uint64_t sum_words(const void* data, std::size_t length);

/// The checksum to be stored in a header over `length` bytes in which the checksum field is zero.
Big16 checksum(const void* data, std::size_t length);

/// The checksum, as it is stored, of words whose sum is at hand before they are put into a header: reading them back from
/// there, in other sizes than they were stored in, would make the processor wait.
constexpr std::uint16_t complement_of_sum(std::uint64_t sum) { return static_cast<std::uint16_t>(~fold(sum)); }

/// What a change of some 16-bit words adds to a checksum: collected once, applied to every checksum that covers them.
class ChecksumChange {
 public:
  constexpr void replace(std::uint16_t before_raw, std::uint16_t after_raw) {
    sum_ += static_cast<std::uint16_t>(~before_raw) + std::uint64_t{after_raw};
  }
  constexpr void replace(Big16 before, Big16 after) { replace(before.raw(), after.raw()); }
  constexpr void replace(ServicePort before, ServicePort after) { replace(before.number, after.number); }
  constexpr void replace(Ipv4Address before, Ipv4Address after) {
    sum_ += std::uint64_t{~before.number.raw()} + after.number.raw();
  }
  /// HC' = ~(~HC + ~m + m').
  constexpr Big16 apply(Big16 checksum) const {
    return Big16::from_raw(static_cast<std::uint16_t>(~fold(static_cast<std::uint16_t>(~checksum.raw()) + sum_)));
  }

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace fairway::net
