// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/tun.hpp"

#include "net/checksum.hpp"

namespace fairway::forward {
namespace {

constexpr std::uint8_t service_of_outer(std::uint8_t inner) {
  constexpr std::uint8_t ecn = 0x03, congestion = 0x03, capable = 0x02;
  return (inner & ecn) == congestion ? static_cast<std::uint8_t>((inner & ~ecn) | capable) : inner;
}

net::Big16 checksum_of(const net::Ipv4Header& ip) noexcept {
  net::WordSum sum;
  sum.add(net::Big16(static_cast<std::uint16_t>(ip.version_length << 8 | ip.service)));
  sum.add(ip.total_length);
  sum.add(ip.id);
  sum.add(ip.fragment);
  sum.add(net::Big16(static_cast<std::uint16_t>(ip.ttl << 8 | ip.protocol)));
  sum.add(ip.source);
  sum.add(ip.destination);
  return sum.checksum();
}

}  // namespace

bool tunnel(net::PacketView& packet, const Tunnel& tunnel) noexcept {
  if (packet.headroom < tun_overhead) return false;
  const net::Ipv4Header& inner = *packet.ipv4();
  const bool forbids_fragments = tunnel.keeps_df && inner.forbids_fragments();
  const auto whole = static_cast<std::uint16_t>(packet.network_length + tun_overhead);
  net::Ipv4Header outer{.version_length = 0x45,
                        .service = service_of_outer(inner.service),
                        .total_length = net::Big16(whole),
                        .id = net::Big16(forbids_fragments ? std::uint16_t{0} : tunnel.id),
                        .fragment = net::Big16(forbids_fragments ? net::Ipv4Header::dont_fragment : std::uint16_t{0}),
                        .ttl = inner.ttl,
                        .protocol = static_cast<std::uint8_t>(net::Protocol::ipip),
                        .checksum = {},
                        .source = tunnel.source,
                        .destination = tunnel.server};
  outer.checksum = checksum_of(outer);

  // The outer header overlays what was the link-layer header; send writes the new one before it.
  packet.frame -= tun_overhead;
  packet.headroom = static_cast<std::uint16_t>(packet.headroom - tun_overhead);
  packet.length = static_cast<std::uint16_t>(packet.length + tun_overhead);
  packet.transport_offset = static_cast<std::uint8_t>(packet.network_offset + tun_overhead);
  packet.network_length = whole;
  std::memcpy(packet.ipv4(), &outer, sizeof outer);
  return true;
}

}  // namespace fairway::forward
