// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "conn/entry.hpp"
#include "forward/context.hpp"
#include "forward/tun.hpp"

namespace fairway::forward {

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

/// Whether a connection that was found ends now: it is overdue, a SYN reuses it, or with expire_nodest_conn its server was
/// deleted and this is a client's packet.
template <class Connections>
bool is_over(const conn::Hot& entry, conn::Reference reference, std::uint8_t tcp_flags, const Connections& connections,
             const Context& context) noexcept {
  if (entry.is_due(context.now)) return true;
  if (reference.is_reply()) return false;
  const service::Settings& settings = context.services.settings();
  if (settings.expire_nodest_conn != 0 && !context.statuses[entry.server_id.value].get().available) return true;
  return (tcp_flags & net::TcpHeader::syn) != 0 &&
         is_reused(entry, connections.cold(reference.slot()), settings, context);
}

/// Takes a packet's connection that was found, unless it is over: then that ends, and the packet is a miss, as are those
/// behind it in the burst that find the same one.
template <class Connections>
[[gnu::always_inline]] inline void take(Burst& burst, std::uint32_t i, conn::Reference reference,
                                        Connections& connections, Context& context) noexcept {
  conn::Hot& entry = connections.hot(reference.slot());
  burst.connect(i, reference, entry);
  __builtin_prefetch(&context.lines[entry.server_id.value], 1);
  __builtin_prefetch(&context.statuses[entry.server_id.value]);
  const net::PacketView& packet = burst.packets[i];
  // A tunnel's header goes where no byte of the packet has been.
  if (entry.forwarding == service::Forwarding::tun) __builtin_prefetch(packet.frame - tun_overhead, 1);
  if (entry.has(conn::Hot::live)) [[likely]] {
    if (!is_over(entry, reference, packet.tcp_flags, connections, context)) return;
    if (!entry.is_due(context.now)) keep_counted(burst, i, entry, context);
    connections.expire(reference.slot());
  }
  burst.missed.add(i);
}

/// Looks up all tuples at once and sorts out the misses. The lines of the connections found are in the cache afterwards,
/// and those of their servers on their way.
template <class Connections>
void find(Burst& burst, Connections& connections, Context& context) noexcept {
  const auto hash = connections.hasher();
  for (const std::uint32_t i : burst.undecided) {
    burst.hashes[i] = hash(burst.packets[i].tuple);
    connections.prefetch(burst.hashes[i]);
  }
  const std::uint64_t missed = connections.find_burst(
      burst.undecided.bits(), burst.hashes.data(),
      [packets = burst.packets.data()](std::uint32_t i) -> const net::Tuple4& { return packets[i].tuple; },
      [&](std::uint32_t i, conn::Reference reference)
          __attribute__((always_inline)) { take(burst, i, reference, connections, context); });
  burst.missed = burst.missed.with(PacketSet::of_bits(missed));
}

}  // namespace fairway::forward
