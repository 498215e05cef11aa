// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <rte_ring.h>

#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "dpdk/packet.hpp"

namespace fairway::dpdk {

/// Packets on their way from one thread to one other. What is left in it at the end is freed.
class Ring {
 public:
  /// Room for exactly `packets` packets, at least 1, on a NUMA node (-1: any).
  static base::Result<Ring> create(std::uint32_t packets, int socket);

  /// The sender only. Takes the first packets that there is room for; returns their number. The others stay the caller's.
  unsigned enqueue(Packet* const* packets, unsigned count) noexcept {
    return rte_ring_sp_enqueue_burst(ring_.get(), reinterpret_cast<void* const*>(packets), count, nullptr);
  }
  /// The receiver only. Up to `count` packets, in their order; returns their number.
  unsigned dequeue(Packet** packets, unsigned count) noexcept {
    return rte_ring_sc_dequeue_burst(ring_.get(), reinterpret_cast<void**>(packets), count, nullptr);
  }

  // Of the moment: the other end may change it at once.
  unsigned count() const noexcept { return rte_ring_count(ring_.get()); }
  unsigned free_count() const noexcept { return rte_ring_free_count(ring_.get()); }
  bool empty() const noexcept { return rte_ring_empty(ring_.get()) != 0; }

 private:
  struct Free {
    void operator()(rte_ring* ring) const;
  };
  explicit Ring(rte_ring* ring) : ring_(ring) {}

  std::unique_ptr<rte_ring, Free> ring_;
};

}  // namespace fairway::dpdk
