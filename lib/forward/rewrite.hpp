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
  // TTL and protocol share a 16-bit word, the TTL its high byte: as it decreases by one, the checksum grows by 0x0100. The
  // one carry that there can be comes round, also where the sum is 0xffff, which is zero (as RFC 1624's equation 3 has it).
  const std::uint32_t sum = ip.checksum.raw() + std::uint32_t{net::Big16(std::uint16_t{0x0100}).raw()};
  ip.checksum = net::Big16::from_raw(static_cast<std::uint16_t>(sum + (sum >= 0xffff ? 1 : 0)));
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
[[gnu::always_inline]] inline bool rewrite_to_server(Burst& burst, const Known& known, const route::NextHop& next_hop,
                                                     Context& context) noexcept {
  net::PacketView& packet = known.packet;
  net::Ipv4Header& ip = *packet.ipv4();
  if (ip.ttl <= 1) [[unlikely]] {
    answer(burst, known.i, Verdict::answer_time_exceeded, packet.tuple.destination, 0, context);
    return false;
  }
  decrement_ttl(ip);
  const bool is_tun = known.entry.forwarding == service::Forwarding::tun;
  const auto mtu = static_cast<std::uint16_t>(next_hop.mtu - (is_tun ? tun_overhead : 0));
  if (packet.network_length > mtu) [[unlikely]] {
    (is_tun ? refuse_tunnel_size : refuse_size)(burst, known.i, packet.tuple.destination, mtu, context);
    return false;
  }
  switch (known.entry.forwarding) {
    case service::Forwarding::nat: nat_to_server(packet, known.entry); return true;
    case service::Forwarding::dr: return true;  // the link-layer header is all
    case service::Forwarding::tun: break;
  }
  if (tunnel(packet, {.source = next_hop.source,
                      .server = known.entry.v4.server,
                      .id = ++context.tunnel_id,
                      .keeps_df = context.services.settings().pmtu_disc != 0}))
    return true;
  burst.decide(known.i, Verdict::drop_no_headroom);
  return false;
}

/// TTL and MTU; NAT, DR or TUN. False: the packet is decided.
[[gnu::always_inline]] inline bool rewrite(Burst& burst, const Known& known, const route::NextHop& next_hop,
                                           Context& context) noexcept {
  if (!known.reference.is_reply()) return rewrite_to_server(burst, known, next_hop, context);
  // What is too old or too big was refused with its next hop.
  decrement_ttl(*known.packet.ipv4());
  nat_to_client(known.packet, known.entry);
  return true;
}

}  // namespace fairway::forward
