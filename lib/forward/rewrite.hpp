// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/answer.hpp"
#include "forward/nat.hpp"
#include "forward/tun.hpp"
#include "net/checksum.hpp"

namespace fairway::forward {

/// One hop less to live; the checksum follows.
inline void decrement_ttl(net::Ipv4Header& ip) noexcept {
  // TTL and protocol share a 16-bit word, the TTL its high byte: as it decreases by one, the checksum grows by 0x0100.
  net::ChecksumChange change;
  change.replace(net::Big16(std::uint16_t{0x0100}), net::Big16());
  ip.checksum = change.apply(ip.checksum);
  --ip.ttl;
}

/// Decides a packet that is too big for its next hop: answered where it must not be fragmented.
void refuse_size(Burst& burst, std::uint32_t i, net::Ipv4Address source, std::uint16_t mtu, Context& context) noexcept;

/// Likewise one that is too big for its tunnel. With pmtu_disc 0 the kernel fragments it, whatever its DF bit says.
void refuse_tunnel_size(Burst& burst, std::uint32_t i, net::Ipv4Address source, std::uint16_t mtu,
                        Context& context) noexcept;

/// The director's own address where the packet came in; if it has none there, one of another port; if it has none at
/// all, the dummy address that Linux answers from then (RFC 7600), since 0.0.0.0 is nobody's (RFC 1122, 3.2.1.3).
net::Ipv4Address own_address(const net::PacketView& packet, const Context& context) noexcept;

/// A client's packet on its way to its server. Errors about it come from the virtual address. The TTL counts down before
/// the MTU is looked at, as in the kernel.
inline void rewrite_to_server(Burst& burst, std::uint32_t i, Context& context) noexcept {
  net::PacketView& packet = burst.packets[i];
  const conn::Hot& entry = *burst.entries[i];
  const route::NextHop& next_hop = *burst.next_hops[i];
  const net::Ipv4Address virtual_address = packet.tuple.destination;
  if (packet.ipv4()->ttl <= 1) return answer(burst, i, Verdict::answer_time_exceeded, virtual_address, 0, context);
  decrement_ttl(*packet.ipv4());
  const bool is_tun = entry.forwarding == service::Forwarding::tun;
  const auto mtu = static_cast<std::uint16_t>(next_hop.mtu - (is_tun ? tun_overhead : 0));
  if (packet.network_length > mtu)
    return (is_tun ? refuse_tunnel_size : refuse_size)(burst, i, virtual_address, mtu, context);

  switch (entry.forwarding) {
    case service::Forwarding::nat: return nat_to_server(packet, entry);
    case service::Forwarding::dr: return;  // the link-layer header is all
    case service::Forwarding::tun:
      if (!tunnel(packet, {.source = next_hop.source,
                           .server = entry.v4.server,
                           .id = ++context.tunnel_id,
                           .keeps_df = context.services.settings().pmtu_disc != 0}))
        burst.decide(i, Verdict::drop_no_headroom);
      return;
  }
}

/// A NAT server's packet on its way to the client. What is too old or too big was refused with its next hop.
inline void rewrite_to_client(Burst& burst, std::uint32_t i) noexcept {
  net::PacketView& packet = burst.packets[i];
  decrement_ttl(*packet.ipv4());
  nat_to_client(packet, *burst.entries[i]);
}

inline void rewrite(Burst& burst, Context& context) noexcept {
  for (const std::uint32_t i : burst.undecided) {
    if (burst.references[i].is_reply())
      rewrite_to_client(burst, i);
    else
      rewrite_to_server(burst, i, context);
  }
}

}  // namespace fairway::forward
