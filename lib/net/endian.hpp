// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace fairway::net {

/// The value with its bytes the other way round.
template <std::unsigned_integral T>
constexpr T swap_bytes(T value) {
  if constexpr (sizeof(T) == 1)
    return value;
  else if constexpr (sizeof(T) == 2)
    return __builtin_bswap16(value);
  else if constexpr (sizeof(T) == 4)
    return __builtin_bswap32(value);
  else
    return __builtin_bswap64(value);
}

/// A number as it stands on the wire (network byte order), at any alignment. Two of them compare without a swap;
/// arithmetic needs host(). raw() is the bytes as this machine would read them, for checksums and hashes.
template <std::unsigned_integral T>
struct BigEndian {
  std::array<std::uint8_t, sizeof(T)> bytes{};

  constexpr BigEndian() = default;
  explicit constexpr BigEndian(T host) : BigEndian(from_raw(to_wire(host))) {}
  static constexpr BigEndian from_raw(T raw) {
    BigEndian result;
    result.bytes = std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(raw);
    return result;
  }

  constexpr T raw() const { return std::bit_cast<T>(bytes); }
  constexpr T host() const { return to_wire(raw()); }
  constexpr bool operator==(const BigEndian& other) const { return raw() == other.raw(); }

 private:
  static constexpr T to_wire(T value) { return std::endian::native == std::endian::little ? swap_bytes(value) : value; }
};

/// Stores five words, as they are, as an IPv4 header without options has them.
inline void store_words(void* to, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d, std::uint32_t e) {
  const auto both = [](std::uint64_t first, std::uint64_t second) {
    return std::endian::native == std::endian::little ? second << 32 | first : first << 32 | second;
  };
  const std::uint64_t first = both(a, b), second = both(c, d);
  auto* bytes = static_cast<std::uint8_t*>(to);
  std::memcpy(bytes, &first, sizeof first);
  std::memcpy(bytes + 8, &second, sizeof second);
  std::memcpy(bytes + 16, &e, sizeof e);
}

using Big16 = BigEndian<std::uint16_t>;
using Big32 = BigEndian<std::uint32_t>;

/// The number of a TCP or UDP port, as on the wire. The ports of the machine are PortId.
struct ServicePort {
  Big16 number;

  constexpr ServicePort() = default;
  explicit constexpr ServicePort(std::uint16_t host) : number(host) {}
  constexpr std::uint16_t host() const { return number.host(); }
  constexpr bool operator==(const ServicePort&) const = default;
};
static_assert(sizeof(ServicePort) == 2 && alignof(ServicePort) == 1);

}  // namespace fairway::net
