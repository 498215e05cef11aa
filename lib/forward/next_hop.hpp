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

/// Whether a reply must not go on; then it is decided. The kernel forwards replies as a router would, so TTL and MTU come before
/// IPVS sees them and such a reply neither counts nor moves its connection on. Errors about it come from the director's
/// own address on the server's side, and the MTU is looked at before the TTL counts down.
inline bool refuses_reply(Burst& burst, std::uint32_t i, std::uint16_t mtu, Context& context) noexcept {
  const net::PacketView& packet = burst.packets[i];
  if (packet.ipv4()->ttl > 1 && packet.network_length <= mtu) [[likely]]
    return false;
  if (packet.ipv4()->ttl <= 1)
    answer(burst, i, Verdict::answer_time_exceeded, own_address(packet, context), 0, context);
  else
    refuse_size(burst, i, own_address(packet, context), mtu, context);
  return true;
}

/// A packet that no known neighbour takes: it is for the director itself, has no server, or waits. Null: it is decided.
inline const route::NextHop* do_without_neighbour(Burst& burst, std::uint32_t i, route::NextHopId id,
                                                  const Context& context) noexcept {
  conn::Hot& entry = *burst.entries[i];
  const net::Tuple4& tuple = burst.packets[i].tuple;
  if (id == route::this_host) {
    burst.for_this_host.add(i);
    return &context.routes->at(route::no_next_hop);
  }
  if (id == route::by_routes) {
    const route::NextHop& next_hop = context.routes->at(next_hop_by_routes(entry, tuple, context, burst.flow_hash(i)));
    if (next_hop.resolved) return &next_hop;
    wait_or_drop(burst, i, tuple.destination, context);
  } else {
    wait_or_drop(burst, i, burst.references[i].is_reply() ? tuple.destination : entry.v4.server, context);
  }
  return nullptr;
}

/// Asks for the next hops of a burst's packets at once, where there are so many that the first-level cache does not keep
/// them beside the rest; where there are few it would cost more than it saves.
[[gnu::always_inline]] inline void prefetch_next_hops(const Burst& burst, std::span<const route::NextHop> hops,
                                                      const Context& context) noexcept {
  constexpr std::size_t few = 256;  // 16 KB
  if (hops.size() <= few) [[likely]]
    return;
  for (const std::uint32_t i : burst.undecided) {
    const conn::Hot& entry = *burst.entries[i];
    const std::uint32_t id = burst.references[i].is_reply() ? entry.next_hop_to_client
                                                            : context.statuses[entry.server_id.value].get().next_hop;
    if (id < hops.size()) __builtin_prefetch(&hops[id]);
  }
}

/// Finds where a packet goes next, before anything of it or its connection is changed: a packet that waits for its
/// neighbour comes back later as if it had just been received. Packets to a server that was deleted end here, silently as
/// in the kernel (expire_nodest_conn 0); its replies still go out, uncounted. Null: the packet is decided; one that is not
/// resolved: its server is the director itself. `hops`: the snapshot's.
[[gnu::always_inline]] inline const route::NextHop* find_next_hop(Burst& burst, const Known& known,
                                                                  std::span<const route::NextHop> hops,
                                                                  Context& context) noexcept {
  const bool is_reply = known.reference.is_reply();
  const service::ServerStatus::Value status = context.statuses[known.entry.server_id.value].get();
  route::NextHopId id{status.next_hop};
  if (is_reply) {
    id = next_hop_by_routes(known.entry, known.packet.tuple, context, burst.flow_hash(known.i));
    if (!status.available) burst.uncounted.add(known.i);
  } else if (!status.available) [[unlikely]] {
    burst.decide(known.i, Verdict::drop_server_gone);
    return nullptr;
  }
  const route::NextHop* next_hop = &hops[id.value < hops.size() ? id.value : 0];
  if (!next_hop->resolved) [[unlikely]]
    next_hop = do_without_neighbour(burst, known.i, id, context);
  else if (is_reply && refuses_reply(burst, known.i, next_hop->mtu, context))
    next_hop = nullptr;
  burst.next_hops[known.i] = next_hop;
  return next_hop;
}

}  // namespace fairway::forward
