// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "conn/entry.hpp"
#include "forward/context.hpp"

namespace fairway::forward {

/// True if the kernel would end this connection and choose anew: a SYN of the client finds it in TIME_WAIT or CLOSE
/// (conn_reuse_mode 1, the kernel's default).
inline bool is_reused(const conn::Hot& entry, conn::Reference reference, const net::PacketView& packet) noexcept {
  constexpr std::uint8_t decisive = net::TcpHeader::syn | net::TcpHeader::rst;
  return !reference.is_reply() && (packet.tcp_flags & decisive) == net::TcpHeader::syn &&
         (entry.state == conn::State::time_wait || entry.state == conn::State::close);
}

/// Looks up all tuples at once and sorts out the misses. An overdue connection that is found ends first; then the packet
/// is a miss, and so are those behind it in the burst that found the same one.
template <class Connections>
void find(Burst& burst, Connections& connections, const Context& context) noexcept {
  std::array<const net::Tuple4*, burst_size> keys;
  std::array<std::uint32_t, burst_size> hashes, places;
  std::array<conn::Reference, burst_size> found;
  std::uint32_t count = 0;
  burst.undecided.each([&](std::uint32_t i) {
    keys[count] = &burst.packets[i].tuple;
    hashes[count] = burst.hashes[i] = connections.hash(burst.packets[i].tuple);
    places[count++] = i;
  });
  if (count == 0) return;
  const std::uint64_t hits = connections.index4().find_burst(keys.data(), hashes.data(), count, found.data());
  PacketSet::of_bits(hits).each([&](std::uint32_t k) { __builtin_prefetch(&connections.hot(found[k].slot()), 1); });

  for (std::uint32_t k = 0; k < count; ++k) {
    const std::uint32_t i = places[k];
    if ((hits >> k & 1) == 0) {
      burst.missed.add(i);
      continue;
    }
    const std::uint32_t slot = found[k].slot();
    const conn::Hot& entry = connections.hot(slot);
    burst.references[i] = found[k];
    if (entry.has(conn::Hot::live)) {
      if (!entry.is_due(context.now) && !is_reused(entry, found[k], burst.packets[i])) continue;
      connections.expire(slot);
    }
    burst.missed.add(i);
  }
}

}  // namespace fairway::forward
