// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <atomic>
#include <vector>

#include "dpdk/ring.hpp"
#include "fairway-bench/bed.hpp"
#include "worker/outbox.hpp"

namespace fairway::bench {

/// What hand-over writes into cache lines that another worker writes or reads for the same packet. A worker's counters and
/// its lines of servers are not among them: control reads those, and other workers look into a server's when they open a
/// connection by counts.
struct SharedWrites {
  std::uint64_t ring_places = 0;  // lines of a hand-over ring's pointers
  std::uint64_t ring_ends = 0;    // a ring's head and tail, either end
  std::uint64_t packets = 0;      // handed over: the packet's and its first bytes' line, which the receiver has read

  std::uint64_t sum() const { return ring_places + ring_ends + packets; }
};

/// A worker between its receive and its transmit queues: everything that it does with packets in between.
class Line {
 public:
  Line(Bed& bed, unsigned worker, std::uint32_t burst)
      : bed_(bed), worker_(worker), burst_size_(burst), hand_overs_(bed.workers()) {}
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// Where it hands packets over to, and takes them from, by worker; nothing for itself.
  void link(std::vector<dpdk::Ring*> to, std::vector<dpdk::Ring*> from) {
    to_ = std::move(to);
    from_ = std::move(from);
  }
  /// A packet for its receive queue.
  void give(dpdk::Packet& packet) { queue_.push_back(&packet); }
  /// After a pass.
  void clear() { queue_.clear(); }
  /// From now on it has a time of its own, which goes on by this much with every loop.
  void keep_time(double microseconds_a_loop) {
    if (!has_own_time_) began_ = clock_.now();
    has_own_time_ = true;
    step_ = microseconds_a_loop;
  }

  /// One loop of the worker, the `loop`th of a pass: a burst from its queue, what others handed over, some expiry. False if
  /// there was no packet.
  bool poll(std::uint32_t loop) noexcept;

  /// Packets with this verdict so far.
  std::uint64_t count(forward::Verdict verdict) const {
    return counters_.verdicts[static_cast<std::size_t>(verdict)].get();
  }
  /// Packets other than SYNs that were not transmitted, nor handed over.
  std::uint64_t lost_established() const { return lost_established_; }
  /// Packets that it was done with so far: not handed over. Other threads may read it.
  std::uint64_t done() const { return done_.load(std::memory_order_acquire); }
  const SharedWrites& shared_writes() const { return writes_; }
  std::uint64_t handed_over() const { return counters_.handed_over.get(); }
  bool is_idle() const;

 private:
  void process(dpdk::Packet** packets, std::uint32_t count) noexcept;
  void transmit(dpdk::Packet& packet, net::PortId port) noexcept {
    worker::Outbox& outbox = outboxes_[port.value];
    if (outbox.add(packet)) outbox.flush([](dpdk::Packet**, std::uint32_t) { return 0u; });  // here they would be sent
  }
  void set_aside(std::uint32_t i, dpdk::Packet& packet) noexcept;
  bool take_handed_over() noexcept;
  base::Stamp now() noexcept;
  void flush_hand_over(unsigned to) noexcept;

  Bed& bed_;
  unsigned worker_;
  std::uint32_t burst_size_;
  std::vector<dpdk::Packet*> queue_;
  std::vector<net::PortId> port_of_device_{{0}, {1}};
  dpdk::Clock clock_;
  bool has_own_time_ = false;
  base::Stamp began_;
  double step_ = 0, passed_ = 0;  // microseconds
  forward::Burst burst_;
  worker::Counters counters_;
  std::array<worker::Outbox, 2> outboxes_;
  std::vector<worker::Outbox> hand_overs_;  // by worker
  std::vector<dpdk::Ring*> to_, from_;
  SharedWrites writes_;
  std::uint64_t lost_established_ = 0;
  alignas(64) std::atomic<std::uint64_t> done_ = 0;
};

}  // namespace fairway::bench
