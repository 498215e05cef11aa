// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "conn/entry.hpp"
#include "forward/context.hpp"

namespace fairway::forward {

/// The state after this packet. A connection of DR or TUN is one-directional until a reply is seen (the kernel's
/// NOOUTPUT); NAT sees both directions.
inline conn::State next_state(conn::Hot& entry, const net::PacketView& packet, bool is_reply,
                              const conn::tcp::Machines& machines) noexcept {
  if (packet.tuple.protocol != net::Protocol::tcp) return conn::State::udp;
  if (is_reply) {
    entry.flags = static_cast<std::uint8_t>(entry.flags & ~conn::Hot::no_output);
    return conn::after_tcp(entry.state, conn::Direction::output, packet.tcp_flags, machines);
  }
  const auto direction = entry.has(conn::Hot::no_output) ? conn::Direction::input_only : conn::Direction::input;
  return conn::after_tcp(entry.state, direction, packet.tcp_flags, machines);
}

/// Counts of the packet's server, as IPVS counts: before the packet is rewritten, bytes of the IP packet.
inline void count_packet(service::ServerLine& line, const net::PacketView& packet, bool is_reply) noexcept {
  (is_reply ? line.out_packets : line.in_packets).add(1);
  (is_reply ? line.out_bytes : line.in_bytes).add(packet.network_length);
}

/// What the first packets of a UDP flow bring about: the second one confirms it, the first reply assures its template.
template <class Connections>
void begin_udp(conn::Reference reference, const conn::Hot& entry, Connections& connections, base::Stamp now) noexcept {
  const bool is_more_than_first = reference.is_reply() || entry.in_packets > 1;
  if (is_more_than_first && !entry.has(conn::Hot::confirmed)) connections.confirm(reference.slot(), now);
  if (reference.is_reply() && entry.has(conn::Hot::unassured)) connections.assure(reference.slot());
}

/// Moves a packet's connection on: statistics, time stamp, state and its timeout.
template <class Connections>
[[gnu::always_inline]] inline void advance(const Burst& burst, const Known& known, Connections& connections,
                                           Context& context) noexcept {
  conn::Hot& entry = known.entry;
  const bool is_reply = known.reference.is_reply();
  if (!burst.uncounted.contains(known.i)) [[likely]]
    count_packet(context.lines[entry.server_id.value], known.packet, is_reply);
  // A packet behind this one may have ended it, with a SYN or by taking its reply tuple: this one still goes its way.
  if (!entry.has(conn::Hot::live)) return;
  entry.last_seen = context.now;
  if (!is_reply) ++entry.in_packets;
  const conn::State next = next_state(entry, known.packet, is_reply, context.defence.machines());
  if (connections.changes(entry, next)) [[unlikely]]
    connections.set_state(known.reference.slot(), next, context.now);
  constexpr std::uint8_t first_packets = conn::Hot::confirmed | conn::Hot::unassured;
  if (next == conn::State::udp && (entry.flags & first_packets) != conn::Hot::confirmed)
    begin_udp(known.reference, entry, connections, context.now);
}

}  // namespace fairway::forward
