// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "dpdk/crc_index.hpp"
#include "dpdk/memory.hpp"
#include "dpdk/packet.hpp"
#include "fairway-bench/flows.hpp"
#include "fairway-bench/timing.hpp"

namespace fairway::bench {

/// What no director on rte_hash can do without: read the 5-tuple, find it among the flows in bursts of 32, write to its
/// connection's cache line, put 12 bytes of Ethernet before the packet. Nothing is checked, nothing sent. Results are
/// ratios to it.
class Floor {
 public:
  static std::size_t bytes_for(const Plan& plan);

  static base::Result<Floor> create(const Plan& plan);

  /// What adding keys to the index and taking others out costs, ns each, a call each.
  struct Changes {
    Timing add, remove;
  };
  /// The oldest of its flows go, and as many new ones come, for each of some rounds.
  void change(const Plan& plan, std::uint32_t rounds, Changes& changes);
  /// It holds as many flows as planned from this one on.
  std::uint32_t first_flow() const { return first_; }

  /// One pass over `count` packets, a multiple of the burst.
  void run(dpdk::Packet* const* packets, std::uint32_t count, std::uint32_t now) noexcept;

 private:
  static constexpr std::uint32_t burst = 32;

  struct alignas(64) Entry {
    std::uint64_t packets, bytes;
    std::uint32_t seen, state;
    std::array<std::uint8_t, 12> ethernet;
  };
  static_assert(sizeof(Entry) == 64);

  Floor(dpdk::CrcIndex<net::Tuple4> index, dpdk::Array<Entry> entries)
      : index_(std::move(index)), entries_(std::move(entries)) {}

  dpdk::CrcIndex<net::Tuple4> index_;
  dpdk::Array<Entry> entries_;
  std::uint32_t first_ = 0;
  std::array<net::Tuple4, burst> keys_;  // of one burst; not cleared for each
};

}  // namespace fairway::bench
