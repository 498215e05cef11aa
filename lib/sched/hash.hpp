// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <cstring>

#include "base/random.hpp"
#include "net/packet.hpp"

/// What the schedulers that go by addresses hash, as the kernel does: the tables of two directors agree.
namespace fairway::sched {

/// An address as one number: IPv4 in host order, the four words of IPv6 joined by XOR.
inline std::uint32_t fold(net::Ipv4Address address) noexcept { return address.host(); }
inline std::uint32_t fold(const net::Ipv6Address& address) noexcept {
  std::uint32_t words[4];
  std::memcpy(words, address.bytes.data(), sizeof words);
  return net::Big32::from_raw(words[0] ^ words[1] ^ words[2] ^ words[3]).host();
}
inline std::uint32_t fold(const net::Address& address) noexcept {
  return address.is_v4() ? fold(address.v4()) : fold(address.v6());
}

inline std::uint32_t client_of(const net::PacketView& packet) noexcept {
  return packet.family == net::Family::ipv4 ? fold(packet.tuple.source) : fold(packet.tuple6.source);
}
inline std::uint32_t client_port_of(const net::PacketView& packet) noexcept {
  return packet.family == net::Family::ipv4 ? packet.tuple.source_port.host() : packet.tuple6.source_port.host();
}
inline std::uint32_t destination_of(const net::PacketView& packet) noexcept {
  return packet.family == net::Family::ipv4 ? fold(packet.tuple.destination) : fold(packet.tuple6.destination);
}

/// A destination as 64 bits: IPv4 as it is; IPv6 mixed, so that one pair of addresses in 2^64 is taken for the same.
inline std::uint64_t destination_key(const net::PacketView& packet) noexcept {
  if (packet.family == net::Family::ipv4) return packet.tuple.destination.host();
  std::uint64_t words[2];
  std::memcpy(words, packet.tuple6.destination.bytes.data(), sizeof words);
  return base::Random(base::Random(words[0]).next() ^ words[1]).next();
}

/// The kernel's hash_32: the upper `bits` bits of a product with the golden ratio.
constexpr std::uint32_t golden_hash(std::uint32_t value, unsigned bits) noexcept {
  return (value * 0x61c88647u) >> (32 - bits);
}

}  // namespace fairway::sched
