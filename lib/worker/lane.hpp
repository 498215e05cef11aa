// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/rate_cap.hpp"
#include "dpdk/clock.hpp"
#include "dpdk/pool.hpp"
#include "worker/links.hpp"

namespace fairway::worker {

/// A port's twin in Linux, and what has gone over the lane between the two. The lane writes the counts and the caps.
struct Twin {
  net::PortId port;
  int descriptor = -1;     // a non-blocking TAP: one frame a read or write; the caller owns it
  std::uint16_t vlan = 0;  // put on what Linux sends, taken off what it receives; 0: none
  // Bulk only. Each twin has its own, so that a flood at one port leaves health checks by another alone.
  base::RateCap to_kernel_cap, from_kernel_cap;

  struct Counts {
    service::Counter<std::uint64_t> packets;
    service::Counter<std::uint64_t> capped;  // bulk, over the allowed rate
    service::Counter<std::uint64_t> lost;    // the other end or a ring was full, or there was no buffer
  };
  std::array<Counts, traffic_class_count> to_kernel;
  std::array<Counts, traffic_class_count> from_kernel;
};

/// The one thread that carries packets between the workers and the twins, so that a flood of them slows no worker: capped
/// in rate, each twin each way, with a class of its own for what keeps the network alive.
class Lane {
 public:
  /// `from_workers` is by worker; `to_transmitter` are rings to the worker that transmits for the twins.
  Lane(std::vector<std::unique_ptr<Twin>> twins, std::vector<LaneRings> from_workers, LaneRings to_transmitter,
       Channel& transmitter, dpdk::Pool& pool, Shared& shared);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void start();
  void stop();
  /// Null if the port has none.
  Twin* twin_of(net::PortId port) const;

 private:
  void run();
  bool carry_to_kernel(std::size_t traffic_class);
  void write_frame(dpdk::Packet& packet, std::size_t traffic_class);
  bool carry_from_kernel(Twin& twin);
  void take_frame(Twin& twin, std::span<const std::uint8_t> frame);
  void sleep();

  std::vector<std::unique_ptr<Twin>> twins_;
  std::vector<LaneRings> from_workers_;
  LaneRings to_transmitter_;
  Channel& transmitter_;
  dpdk::Pool& pool_;
  Shared& shared_;
  std::vector<std::uint8_t> buffer_;
  dpdk::Clock clock_;
  base::Stamp now_;
  std::thread thread_;
};

}  // namespace fairway::worker
