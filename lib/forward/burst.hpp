// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "conn/index.hpp"
#include "forward/verdict.hpp"
#include "net/packet.hpp"
#include "route/snapshot.hpp"

namespace fairway::forward {

constexpr std::uint32_t burst_size = conn::largest_burst;

/// A set of packets of one burst, by index.
class PacketSet {
 public:
  constexpr PacketSet() = default;
  static constexpr PacketSet first(std::uint32_t count) { return PacketSet((std::uint64_t{1} << count) - 1); }
  static constexpr PacketSet of_bits(std::uint64_t bits) { return PacketSet(bits); }

  constexpr void add(std::uint32_t i) { bits_ |= std::uint64_t{1} << i; }
  constexpr void remove(std::uint32_t i) { bits_ &= ~(std::uint64_t{1} << i); }
  constexpr bool contains(std::uint32_t i) const { return (bits_ >> i & 1) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint32_t count() const { return static_cast<std::uint32_t>(std::popcount(bits_)); }
  constexpr PacketSet without(PacketSet other) const { return PacketSet(bits_ & ~other.bits_); }
  constexpr PacketSet both(PacketSet other) const { return PacketSet(bits_ & other.bits_); }

  /// Calls `f` with each index in order. It may change the set: the walk is over what was in it at the start.
  template <class F>
  constexpr void each(F&& f) const {
    for (std::uint64_t left = bits_; left != 0; left &= left - 1) f(static_cast<std::uint32_t>(std::countr_zero(left)));
  }

 private:
  explicit constexpr PacketSet(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_ = 0;
};

/// Up to burst_size packets on their way through the pipeline, and what its stages have found out about each.
struct Burst {
  std::uint32_t count = 0;
  std::array<net::PacketView, burst_size> packets;

  PacketSet undecided;  // those without a verdict yet
  PacketSet missed;     // those of no known connection
  std::array<Verdict, burst_size> verdicts;
  std::array<std::uint32_t, burst_size> hashes;        // of the tuple, in the worker's own table
  std::array<conn::Reference, burst_size> references;  // connection, unless missed
  std::array<route::NextHopId, burst_size> next_hops;
  std::array<std::uint16_t, burst_size> owners;    // worker, of those that are to_other_worker
  std::array<net::Address, burst_size> waits_for;  // whose MAC address is wanted, of those that wait_for_neighbour

  void begin(std::uint32_t packet_count) {
    count = packet_count;
    undecided = PacketSet::first(packet_count);
    missed = {};
  }
  void decide(std::uint32_t i, Verdict verdict) {
    verdicts[i] = verdict;
    undecided.remove(i);
  }
};

}  // namespace fairway::forward
