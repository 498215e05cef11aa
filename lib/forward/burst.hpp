// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <iterator>

#include "conn/entry.hpp"
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
  constexpr PacketSet with(PacketSet other) const { return PacketSet(bits_ | other.bits_); }
  constexpr std::uint64_t bits() const { return bits_; }
  constexpr PacketSet both(PacketSet other) const { return PacketSet(bits_ & other.bits_); }

  /// Goes through the indexes in order. The set may change meanwhile: the walk is over what was in it at the start.
  class Iterator {
   public:
    explicit constexpr Iterator(std::uint64_t bits) : left_(bits) {}
    constexpr std::uint32_t operator*() const { return static_cast<std::uint32_t>(std::countr_zero(left_)); }
    constexpr Iterator& operator++() {
      left_ &= left_ - 1;
      return *this;
    }
    constexpr bool operator==(std::default_sentinel_t) const { return left_ == 0; }

   private:
    std::uint64_t left_;
  };
  constexpr Iterator begin() const { return Iterator(bits_); }
  static constexpr std::default_sentinel_t end() { return {}; }

 private:
  explicit constexpr PacketSet(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_ = 0;
};

/// Up to burst_size packets on their way through the pipeline, and what its stages have found out about each.
struct Burst {
  std::uint32_t count = 0;
  std::array<net::PacketView, burst_size> packets;

  PacketSet undecided;                     // those without a verdict yet
  PacketSet missed;                        // those of no known connection
  PacketSet transmitted;                   // those with the verdict transmit, rewritten
  PacketSet for_this_host;                 // those whose server is the director itself
  PacketSet still_active, still_inactive;  // those that ended a connection that still counts
  PacketSet uncounted;                     // replies of servers that were deleted: they go out and are in no statistics
  std::array<Verdict, burst_size> verdicts;
  std::array<std::uint64_t, burst_size> hashes;             // of the tuple, in the worker's own table
  std::array<conn::Reference, burst_size> references;       // connection, unless missed
  std::array<conn::Hot*, burst_size> entries;               // likewise
  std::array<const route::NextHop*, burst_size> next_hops;  // of this burst's snapshot
  std::array<std::uint16_t, burst_size> owners;             // worker, of those that are to_other_worker
  std::array<service::ServerId, burst_size> still_counted;  // whose those are
  std::array<conn::Hot, burst_size>
      scratch;  // of those that were scheduled by themselves, what others find in the table
  std::array<net::Address, burst_size> waits_for;  // whose MAC address is wanted, of those that wait_for_neighbour

  void begin(std::uint32_t packet_count) {
    count = packet_count;
    undecided = PacketSet::first(packet_count);
    missed = {};
    transmitted = {};
    still_active = {};
    still_inactive = {};
    uncounted = {};
    for_this_host = {};
  }
  /// Of its tuple, for choosing among paths.
  std::uint32_t flow_hash(std::uint32_t i) const { return static_cast<std::uint32_t>(hashes[i] >> 32); }
  void decide(std::uint32_t i, Verdict verdict) {
    verdicts[i] = verdict;
    undecided.remove(i);
  }
  void connect(std::uint32_t i, conn::Reference reference, conn::Hot& entry) {
    references[i] = reference;
    entries[i] = &entry;
  }
};

/// A packet whose connection is known: what the stages behind the lookup work on.
struct Known {
  Known(Burst& burst, std::uint32_t number)
      : i(number), packet(burst.packets[number]), entry(*burst.entries[number]), reference(burst.references[number]) {}

  std::uint32_t i;  // in its burst
  net::PacketView& packet;
  conn::Hot& entry;
  conn::Reference reference;
};

}  // namespace fairway::forward
