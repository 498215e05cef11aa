// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <span>

#include "conn/entry.hpp"
#include "forward/context.hpp"
#include "forward/rewrite.hpp"

namespace fairway::forward {

/// The next hop to where a reply is sent to, or a packet that has no server: looked up once, then kept with the connection
/// (the worker clears it when routes change).
inline route::NextHopId next_hop_by_routes(conn::Hot& entry, const net::Tuple4& tuple, const Context& context,
                                           std::uint32_t flow_hash) noexcept {
  if (entry.next_hop_to_client == 0)
    entry.next_hop_to_client = context.routes->find(tuple.destination, flow_hash).value;
  return {entry.next_hop_to_client};
}

/// Decides a packet whose next hop cannot take it now: it waits while its neighbour is asked for, if there is a route.
inline void wait_or_drop(Burst& burst, std::uint32_t i, const net::Address& destination,
                         const Context& context) noexcept {
  if (!context.routes->find_path(destination, burst.flow_hash(i))) return burst.decide(i, Verdict::drop_no_route);
  burst.waits_for[i] = destination;
  burst.decide(i, Verdict::wait_for_neighbour);
}

/// Decides a reply that must not go on: the kernel forwards replies as a router would, so TTL and MTU come before
/// IPVS sees them and such a reply neither counts nor moves its connection on. Errors about it come from the director's
/// own address on the server's side, and the MTU is looked at before the TTL counts down.
inline void refuse_reply(Burst& burst, std::uint32_t i, std::uint16_t mtu, Context& context) noexcept {
  const net::PacketView& packet = burst.packets[i];
  if (packet.ipv4()->ttl <= 1)
    return answer(burst, i, Verdict::answer_time_exceeded, own_address(packet, context), 0, context);
  if (packet.network_length > mtu) refuse_size(burst, i, own_address(packet, context), mtu, context);
}

/// A packet that no known neighbour takes: it is for the director itself, has no server, or waits.
inline void do_without_neighbour(Burst& burst, std::uint32_t i, route::NextHopId id, const Context& context) noexcept {
  conn::Hot& entry = *burst.entries[i];
  const net::Tuple4& tuple = burst.packets[i].tuple;
  if (id == route::this_host) return burst.for_this_host.add(i);
  if (id == route::by_routes) {
    burst.next_hops[i] = &context.routes->at(next_hop_by_routes(entry, tuple, context, burst.flow_hash(i)));
    if (!burst.next_hops[i]->resolved) wait_or_drop(burst, i, tuple.destination, context);
    return;
  }
  wait_or_drop(burst, i, burst.references[i].is_reply() ? tuple.destination : entry.v4.server, context);
}

/// Finds where each packet goes next, before anything of it or its connection is changed: a packet that waits for its
/// neighbour comes back later as if it had just been received. Packets to a server that was deleted end here, silently as
/// in the kernel (expire_nodest_conn 0); its replies still go out, uncounted.
inline void find_next_hops(Burst& burst, Context& context) noexcept {
  const std::span<const route::NextHop> hops = context.routes->next_hops;
  for (const std::uint32_t i : burst.undecided) {
    conn::Hot& entry = *burst.entries[i];
    const net::PacketView& packet = burst.packets[i];
    const bool is_reply = burst.references[i].is_reply();
    const service::ServerStatus::Value status = context.statuses[entry.server_id.value].get();
    route::NextHopId id;
    if (is_reply) {
      id = next_hop_by_routes(entry, packet.tuple, context, burst.flow_hash(i));
      if (!status.available) burst.uncounted.add(i);
    } else {
      if (!status.available) {
        burst.decide(i, Verdict::drop_server_gone);
        continue;
      }
      id = {status.next_hop};
    }
    const route::NextHop& next_hop = hops[id.value < hops.size() ? id.value : 0];
    burst.next_hops[i] = &next_hop;
    if (!next_hop.resolved)
      do_without_neighbour(burst, i, id, context);
    else if (is_reply)
      refuse_reply(burst, i, next_hop.mtu, context);
  }
}

}  // namespace fairway::forward
