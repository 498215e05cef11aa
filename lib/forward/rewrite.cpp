// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/rewrite.hpp"

#include <optional>

#include "net/checksum.hpp"

namespace fairway::forward {
namespace {

std::optional<net::Ipv4Address> first_address(const route::PortAddresses& port) noexcept {
  for (const net::Address& address : port.local)
    if (address.is_v4()) return address.v4();
  return std::nullopt;
}

/// The director's own address where the packet came in; if it has none there, one of another port; if it has none at
/// all, the dummy address that Linux answers from then (RFC 7600), since 0.0.0.0 is nobody's (RFC 1122, 3.2.1.3).
net::Ipv4Address own_address(const net::PacketView& packet, const Context& context) noexcept {
  constexpr net::Ipv4Address dummy{0xc0000008u};
  const auto& ports = context.routes->ports;
  if (packet.port.value < ports.size())
    if (const auto address = first_address(ports[packet.port.value])) return *address;
  for (const route::PortAddresses& port : ports)
    if (const auto address = first_address(port)) return *address;
  return dummy;
}

}  // namespace

void decrement_ttl(net::Ipv4Header& ip) noexcept {
  // TTL and protocol share a 16-bit word, the TTL its high byte.
  const net::Big16 before(static_cast<std::uint16_t>(ip.ttl << 8 | ip.protocol));
  --ip.ttl;
  const net::Big16 after(static_cast<std::uint16_t>(ip.ttl << 8 | ip.protocol));
  net::ChecksumChange change;
  change.replace(before, after);
  ip.checksum = change.apply(ip.checksum);
}

void refuse_size(Burst& burst, std::uint32_t i, net::Ipv4Address source, std::uint16_t mtu, Context& context) noexcept {
  if (!burst.packets[i].ipv4()->forbids_fragments()) return burst.decide(i, Verdict::drop_too_big);
  answer(burst, i, Verdict::answer_fragmentation_needed, source, mtu, context);
}

void rewrite_to_server(Burst& burst, std::uint32_t i, const conn::Hot& entry, Context& context) noexcept {
  net::PacketView& packet = burst.packets[i];
  const route::NextHop& next_hop = context.routes->at(burst.next_hops[i]);
  const net::Ipv4Address virtual_address = packet.tuple.destination;
  if (packet.ipv4()->ttl <= 1) return answer(burst, i, Verdict::answer_time_exceeded, virtual_address, 0, context);
  decrement_ttl(*packet.ipv4());
  const bool is_tun = entry.forwarding == service::Forwarding::tun;
  const auto mtu = static_cast<std::uint16_t>(next_hop.mtu - (is_tun ? tun_overhead : 0));
  if (packet.network_length > mtu) return refuse_size(burst, i, virtual_address, mtu, context);

  switch (entry.forwarding) {
    case service::Forwarding::nat: return nat_to_server(packet, entry);
    case service::Forwarding::dr: return;  // the link-layer header is all
    case service::Forwarding::tun:
      if (!tunnel(packet, next_hop.source, entry.server.v4(), ++context.tunnel_id))
        burst.decide(i, Verdict::drop_no_headroom);
      return;
  }
}

void rewrite_to_client(Burst& burst, std::uint32_t i, const conn::Hot& entry, Context& context) noexcept {
  net::PacketView& packet = burst.packets[i];
  const std::uint16_t mtu = context.routes->at(burst.next_hops[i]).mtu;
  if (packet.ipv4()->ttl <= 1)
    return answer(burst, i, Verdict::answer_time_exceeded, own_address(packet, context), 0, context);
  if (packet.network_length > mtu) return refuse_size(burst, i, own_address(packet, context), mtu, context);
  decrement_ttl(*packet.ipv4());
  nat_to_client(packet, entry);
}

}  // namespace fairway::forward
