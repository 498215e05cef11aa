// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "conn/entry.hpp"
#include "forward/context.hpp"

namespace fairway::forward {

/// Looks up all tuples at once and sorts out the misses. The lines of the connections found are in the cache afterwards,
/// and those of their servers on their way.
template <class Connections>
void look_up(Burst& burst, Connections& connections, const Context& context) noexcept {
  std::array<const net::Tuple4*, burst_size> keys;
  std::array<std::uint64_t, burst_size> hashes;
  std::array<std::uint32_t, burst_size> places;
  std::array<conn::Reference, burst_size> found;
  std::uint32_t count = 0;
  for (const std::uint32_t i : burst.undecided) {
    keys[count] = &burst.packets[i].tuple;
    hashes[count] = burst.hashes[i] = connections.hash(burst.packets[i].tuple);
    places[count++] = i;
  }
  if (count == 0) return;
  const auto hits = PacketSet::of_bits(connections.find_burst(keys.data(), hashes.data(), count, found.data()));
  for (const std::uint32_t k : hits) {
    conn::Hot& entry = connections.hot(found[k].slot());
    burst.connect(places[k], found[k], entry);
    __builtin_prefetch(&context.lines[entry.server_id.value], 1);
    __builtin_prefetch(&context.statuses[entry.server_id.value]);
  }
  for (const std::uint32_t k : PacketSet::first(count).without(hits)) burst.missed.add(places[k]);
}

/// Whether the client's SYN that finds this connection ends it and chooses anew (is_new_conn_expected in the kernel):
/// one that is over by conn_reuse_mode, unless a template controls it; with expire_nodest_conn any whose server has
/// weight 0.
inline bool is_reused(const conn::Hot& entry, const conn::Cold& rest, const service::Settings& settings,
                      const Context& context) noexcept {
  if (settings.expire_nodest_conn != 0 && context.loads.is_quiescent(entry.server_id)) return true;
  if (settings.conn_reuse_mode == 0 || rest.persistence != 0) return false;
  constexpr std::uint32_t also_after_fin = 2;
  return entry.state == conn::State::time_wait || entry.state == conn::State::close ||
         ((settings.conn_reuse_mode & also_after_fin) != 0 && entry.state == conn::State::fin_wait &&
          entry.has(conn::Hot::no_output));
}

/// What a SYN ended goes on counting, towards thresholds too, until the burst's new connections have their servers: the
/// kernel ends it by its timer, after it has chosen. The end that follows tells the worker's Watch.
inline void keep_counted(Burst& burst, std::uint32_t i, const conn::Hot& entry, Context& context) noexcept {
  const bool was_inactive = entry.has(conn::Hot::inactive);
  service::ServerLine& line = context.lines[entry.server_id.value];
  (was_inactive ? line.inactive : line.active).add(1);
  line.total.add(1);
  burst.still_counted[i] = entry.server_id;
  (was_inactive ? burst.still_inactive : burst.still_active).add(i);
}

/// To be called when servers have been chosen.
inline void uncount_kept(const Burst& burst, Context& context) noexcept {
  const auto uncount = [&](service::ServerId id, service::Counter<std::uint32_t>& kind) {
    service::unbind_connection(id, context.lines, kind, context.limits, context.loads);
    if (context.watch) context.watch->note(id);
  };
  for (const std::uint32_t i : burst.still_inactive)
    uncount(burst.still_counted[i], context.lines[burst.still_counted[i].value].inactive);
  for (const std::uint32_t i : burst.still_active)
    uncount(burst.still_counted[i], context.lines[burst.still_counted[i].value].active);
}

/// Ends overdue connections that were found, those that a SYN reuses, and with expire_nodest_conn those of deleted servers
/// that a client's packet finds; then the packet is a miss, and so are those behind it in the burst that found the same
/// one.
template <class Connections>
void expire(Burst& burst, Connections& connections, Context& context) noexcept {
  const service::Settings& settings = context.services.settings();
  const bool ends_orphans = settings.expire_nodest_conn != 0;
  const auto is_over = [&](const conn::Hot& entry, conn::Reference reference, std::uint8_t tcp_flags) {
    if (entry.is_due(context.now)) return true;
    if (ends_orphans && !reference.is_reply() && !context.statuses[entry.server_id.value].get().available) return true;
    return (tcp_flags & net::TcpHeader::syn) != 0 && !reference.is_reply() &&
           is_reused(entry, connections.cold(reference.slot()), settings, context);
  };
  for (const std::uint32_t i : burst.undecided.without(burst.missed)) {
    const conn::Hot& entry = *burst.entries[i];
    if (entry.has(conn::Hot::live)) {
      if (!is_over(entry, burst.references[i], burst.packets[i].tcp_flags)) continue;
      if (!entry.is_due(context.now)) keep_counted(burst, i, entry, context);
      connections.expire(burst.references[i].slot());
    }
    burst.missed.add(i);
  }
}

}  // namespace fairway::forward
