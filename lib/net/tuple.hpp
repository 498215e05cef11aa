// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "net/headers.hpp"

namespace fairway::net {

/// The 5-tuple of a packet as it stands in it: the key of the connection table. All bytes count, so the rest is zero.
struct alignas(8) Tuple4 {
  Ipv4Address source;
  Ipv4Address destination;
  ServicePort source_port{};
  ServicePort destination_port{};
  Protocol protocol{};
  std::array<std::uint8_t, 3> zero{};

  bool operator==(const Tuple4& other) const { return std::memcmp(this, &other, sizeof other) == 0; }
};
static_assert(sizeof(Tuple4) == 16);

/// Fills the tuple of a TCP or UDP packet from its IPv4 header and from the transport's, which begins with both ports.
inline void read_tuple(const void* ip_header, const void* transport_header, Tuple4& tuple) noexcept {
  // Both addresses in one piece, both ports, the protocol with the zeros: three moves.
  const auto* ip = static_cast<const std::uint8_t*>(ip_header);
  auto* to = reinterpret_cast<std::uint8_t*>(&tuple);
  std::memcpy(to, ip + offsetof(Ipv4Header, source), 2 * sizeof(Ipv4Address));
  std::memcpy(to + offsetof(Tuple4, source_port), transport_header, 2 * sizeof(ServicePort));
  const std::uint32_t protocol = ip[offsetof(Ipv4Header, protocol)];
  const std::uint32_t rest = std::endian::native == std::endian::little ? protocol : protocol << 24;
  std::memcpy(to + offsetof(Tuple4, protocol), &rest, sizeof rest);
}

/// The tuple of what comes back.
inline Tuple4 reversed(const Tuple4& tuple) {
  return {.source = tuple.destination,
          .destination = tuple.source,
          .source_port = tuple.destination_port,
          .destination_port = tuple.source_port,
          .protocol = tuple.protocol};
}

struct alignas(8) Tuple6 {
  Ipv6Address source;
  Ipv6Address destination;
  ServicePort source_port{};
  ServicePort destination_port{};
  Protocol protocol{};
  std::array<std::uint8_t, 3> zero{};

  bool operator==(const Tuple6& other) const { return std::memcmp(this, &other, sizeof other) == 0; }
};
static_assert(sizeof(Tuple6) == 40);

}  // namespace fairway::net
