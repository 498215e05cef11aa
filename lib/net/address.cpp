// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/address.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstdio>

namespace fairway::net {
namespace {

/// inet_pton wants a terminated string; no address's text is longer than this.
std::optional<std::string> short_text(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  return std::string(text);
}

}  // namespace

bool Prefix::contains(const Address& other) const {
  if (other.family != address.family) return false;
  const unsigned whole = length / 8u, rest = length % 8u;
  if (std::memcmp(address.bytes.bytes.data(), other.bytes.bytes.data(), whole) != 0) return false;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00u >> rest);
  return ((address.bytes.bytes[whole] ^ other.bytes.bytes[whole]) & mask) == 0;
}

std::optional<Address> parse_address(std::string_view text) {
  const auto terminated = short_text(text);
  if (!terminated) return std::nullopt;
  Ipv4Address v4;
  if (inet_pton(AF_INET, terminated->c_str(), &v4) == 1) return Address(v4);
  Ipv6Address v6;
  if (inet_pton(AF_INET6, terminated->c_str(), v6.bytes.data()) == 1) return Address(v6);
  return std::nullopt;
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || length > (address->is_v4() ? 32u : 128u))
    return std::nullopt;
  return Prefix{.address = *address, .length = static_cast<std::uint8_t>(length)};
}

std::optional<MacAddress> parse_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddress mac;
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    const char* digits = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, mac.bytes[i], 16);
    if (error != std::errc{} || end != digits + 2 || (i < 5 && digits[2] != ':')) return std::nullopt;
  }
  return mac;
}

std::string to_string(Ipv4Address address) { return to_string(Address(address)); }

std::string to_string(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(address.is_v4() ? AF_INET : AF_INET6, address.bytes.bytes.data(), text, sizeof text);
  return text;
}

std::string to_string(const Prefix& prefix) { return to_string(prefix.address) + "/" + std::to_string(prefix.length); }

std::string to_string(const MacAddress& mac) {
  char text[18];
  const auto& b = mac.bytes;
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
  return text;
}

std::string to_string(const Address& address, ServicePort port) {
  const std::string host = to_string(address);
  return (address.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(port.host());
}

bool is_multicast(const Address& address) {
  const std::uint8_t first = address.bytes.bytes[0];
  return address.is_v4() ? (first & 0xf0) == 0xe0 : first == 0xff;
}

bool is_loopback(const Address& address) {
  if (address.is_v4()) return address.v4().host() >> 24 == 127;
  AddressBytes one;
  one.bytes.back() = 1;
  return address.bytes == one;
}

bool is_broadcast(const Address& address) { return address.is_v4() && address.v4().host() == 0xffffffffu; }

bool is_unspecified(const Address& address) { return address.bytes == AddressBytes{}; }

}  // namespace fairway::net

std::size_t std::hash<fairway::net::Address>::operator()(const fairway::net::Address& address) const noexcept {
  const std::string_view bytes(reinterpret_cast<const char*>(address.bytes.bytes.data()), 16);
  return std::hash<std::string_view>{}(bytes) ^ static_cast<std::size_t>(address.family);
}
