// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>

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
