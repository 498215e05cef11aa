// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <bit>
#include <cstring>

#include "net/checksum.hpp"
#include "net/packet.hpp"

namespace fairway::forward {

constexpr std::uint16_t tun_overhead = sizeof(net::Ipv4Header);

/// The ends of a tunnel, and what is not the inner packet's.
struct Tunnel {
  net::Ipv4Address source;
  net::Ipv4Address server;
  std::uint16_t id;      // of an outer header without DF
  bool keeps_df = true;  // else the outer header has none (pmtu_disc 0)
};

/// RFC 3168, 9.1.1: an inner CE becomes ECT(0) outside.
constexpr std::uint8_t service_of_outer(std::uint8_t inner) {
  constexpr std::uint8_t ecn = 0x03, congestion = 0x03, capable = 0x02;
  return (inner & ecn) == congestion ? static_cast<std::uint8_t>((inner & ~ecn) | capable) : inner;
}

/// IP in IP (RFC 2003): puts an outer header before the packet. As the kernel: TTL, DF and type of service are the inner
/// ones, the id is 0 where DF is set. False without headroom.
[[gnu::always_inline]] inline bool tunnel(net::PacketView& packet, const Tunnel& tunnel) noexcept {
  if (packet.headroom < tun_overhead) return false;
  const net::Ipv4Header& inner = *packet.ipv4();
  const bool forbids_fragments = tunnel.keeps_df && inner.forbids_fragments();
  const std::uint32_t whole = packet.network_length + std::uint32_t{tun_overhead};
  const std::uint32_t id = forbids_fragments ? 0 : tunnel.id;
  const std::uint32_t fragment = forbids_fragments ? net::Ipv4Header::dont_fragment : 0;
  // Put together in registers, and stored in large pieces: one that is stored field by field and copied from there, or
  // read back for its checksum, makes the processor wait.
  constexpr std::uint32_t version_length = 0x45, ipip = static_cast<std::uint32_t>(net::Protocol::ipip);
  const std::uint32_t first =
      net::Big32(version_length << 24 | std::uint32_t{service_of_outer(inner.service)} << 16 | whole).raw();
  const std::uint32_t second = net::Big32(id << 16 | fragment).raw();
  const std::uint32_t life = net::Big32(std::uint32_t{inner.ttl} << 24 | ipip << 16).raw();
  const std::uint32_t source = tunnel.source.number.raw(), server = tunnel.server.number.raw();
  const std::uint16_t checksum = net::complement_of_sum(std::uint64_t{first} + second + life + source + server);
  const std::uint32_t third = life | net::Big32(net::Big16::from_raw(checksum).host()).raw();

  // The outer header overlays what was the link-layer header; send writes the new one before it.
  packet.frame -= tun_overhead;
  packet.headroom = static_cast<std::uint16_t>(packet.headroom - tun_overhead);
  packet.length = static_cast<std::uint16_t>(packet.length + tun_overhead);
  packet.transport_offset = static_cast<std::uint8_t>(packet.network_offset + tun_overhead);
  packet.network_length = static_cast<std::uint16_t>(whole);
  net::store_words(packet.ipv4(), first, second, third, source, server);
  return true;
}

}  // namespace fairway::forward
