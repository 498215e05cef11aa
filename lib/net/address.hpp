// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "net/endian.hpp"

namespace fairway::net {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

/// An IPv4 address as it stands on the wire.
struct Ipv4Address {
  Big32 number;

  constexpr Ipv4Address() = default;
  explicit constexpr Ipv4Address(std::uint32_t host) : number(host) {}
  constexpr std::uint32_t host() const { return number.host(); }
  constexpr bool operator==(const Ipv4Address&) const = default;
};
static_assert(sizeof(Ipv4Address) == 4);

/// An IPv6 address as it stands on the wire.
struct Ipv6Address {
  std::array<std::uint8_t, 16> bytes{};

  constexpr bool operator==(const Ipv6Address&) const = default;
};

/// Room for an address of either family, which something beside it tells: IPv4 in the first four bytes, the rest zero.
struct AddressBytes {
  std::array<std::uint8_t, 16> bytes{};

  AddressBytes() = default;
  explicit AddressBytes(Ipv4Address address) { std::memcpy(bytes.data(), &address, sizeof address); }
  explicit AddressBytes(const Ipv6Address& address) : bytes(address.bytes) {}

  Ipv4Address v4() const {
    Ipv4Address address;
    std::memcpy(&address, bytes.data(), sizeof address);
    return address;
  }
  Ipv6Address v6() const { return {bytes}; }
  constexpr auto operator<=>(const AddressBytes&) const = default;
};
static_assert(sizeof(AddressBytes) == 16);

/// An address that knows its family.
struct Address {
  Family family = Family::ipv4;
  AddressBytes bytes;

  Address() = default;
  Address(Ipv4Address address) : family(Family::ipv4), bytes(address) {}
  Address(const Ipv6Address& address) : family(Family::ipv6), bytes(address) {}
  Address(Family family_, const AddressBytes& bytes_) : family(family_), bytes(bytes_) {}

  bool is_v4() const { return family == Family::ipv4; }
  Ipv4Address v4() const { return bytes.v4(); }
  Ipv6Address v6() const { return bytes.v6(); }
  auto operator<=>(const Address&) const = default;
};

/// An address with the length of its network part: 192.168.4.5/24. The host part is kept.
struct Prefix {
  Address address;
  std::uint8_t length = 0;

  bool contains(const Address& other) const;
  auto operator<=>(const Prefix&) const = default;
};

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  bool is_group() const { return (bytes[0] & 1) != 0; }
  auto operator<=>(const MacAddress&) const = default;
  bool operator==(const MacAddress& other) const { return number() == other.number(); }

  /// All of it in 48 bits, for comparing: two loads are cheaper than a call of memcmp.
  std::uint64_t number() const {
    std::uint32_t first;
    std::uint16_t rest;
    std::memcpy(&first, bytes.data(), sizeof first);
    std::memcpy(&rest, bytes.data() + sizeof first, sizeof rest);
    return std::uint64_t{rest} << 32 | first;
  }
};
static_assert(sizeof(MacAddress) == 6);

/// Text to value: dotted quads of four parts only, RFC 4291 text for IPv6, six colon-separated bytes for a MAC. Nothing
/// on anything else.
std::optional<Address> parse_address(std::string_view text);
std::optional<Prefix> parse_prefix(std::string_view text);
std::optional<MacAddress> parse_mac(std::string_view text);

std::string to_string(Ipv4Address address);
std::string to_string(const Address& address);
std::string to_string(const Prefix& prefix);
std::string to_string(const MacAddress& mac);
/// 192.0.2.1:80 or [2001:db8::1]:80.
std::string to_string(const Address& address, ServicePort port);

/// True for 224.0.0.0/4 and ff00::/8.
bool is_multicast(const Address& address);
/// True for 127.0.0.0/8 and ::1.
bool is_loopback(const Address& address);
/// True for 255.255.255.255.
bool is_broadcast(const Address& address);
/// True for the all-zero address.
bool is_unspecified(const Address& address);

}  // namespace fairway::net

template <>
struct std::hash<fairway::net::Address> {
  std::size_t operator()(const fairway::net::Address& address) const noexcept;
};
