// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "conn/entry.hpp"
#include "forward/context.hpp"

namespace fairway::forward {

/// Looks up all tuples at once and sorts out the misses. The lines of the connections found are in the cache afterwards.
template <class Connections>
void look_up(Burst& burst, Connections& connections) noexcept {
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
  for (const std::uint32_t k : hits) burst.connect(places[k], found[k], connections.hot(found[k].slot()));
  for (const std::uint32_t k : PacketSet::first(count).without(hits)) burst.missed.add(places[k]);
}

/// True if the kernel would end this connection and choose anew: a SYN of the client finds it in TIME_WAIT or CLOSE
/// (conn_reuse_mode 1, the kernel's default).
inline bool is_reused(const conn::Hot& entry, conn::Reference reference, const net::PacketView& packet) noexcept {
  constexpr std::uint8_t decisive = net::TcpHeader::syn | net::TcpHeader::rst;
  return !reference.is_reply() && (packet.tcp_flags & decisive) == net::TcpHeader::syn &&
         (entry.state == conn::State::time_wait || entry.state == conn::State::close);
}

/// Ends overdue connections that were found, and those that a SYN reuses; then the packet is a miss, and so are those
/// behind it in the burst that found the same one.
template <class Connections>
void expire(Burst& burst, Connections& connections, const Context& context) noexcept {
  for (const std::uint32_t i : burst.undecided.without(burst.missed)) {
    const conn::Hot& entry = *burst.entries[i];
    if (entry.has(conn::Hot::live)) {
      if (!entry.is_due(context.now) && !is_reused(entry, burst.references[i], burst.packets[i])) continue;
      connections.expire(burst.references[i].slot());
    }
    burst.missed.add(i);
  }
}

}  // namespace fairway::forward
