// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "fairway-bench/bed.hpp"
#include "fairway-bench/deck.hpp"
#include "worker/outbox.hpp"

namespace fairway::bench {

/// A worker between its receive and its transmit queues: everything that it does with packets in between.
class Line {
 public:
  explicit Line(Bed& bed) : bed_(bed) {}

  /// One pass over `count` packets, in bursts.
  void run(dpdk::Packet** packets, std::uint32_t count) noexcept;

  /// Packets with this verdict so far.
  std::uint64_t count(forward::Verdict verdict) const {
    return counters_.verdicts[static_cast<std::size_t>(verdict)].get();
  }

 private:
  void process(dpdk::Packet** packets, std::uint32_t count) noexcept;
  void transmit(dpdk::Packet& packet, net::PortId port) noexcept;

  Bed& bed_;
  std::vector<net::PortId> port_of_device_{{0}, {1}};
  dpdk::Clock clock_;
  forward::Burst burst_;
  worker::Counters counters_;
  std::array<worker::Outbox, 2> outboxes_;
};

}  // namespace fairway::bench
