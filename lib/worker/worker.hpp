// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <vector>

#include "dpdk/clock.hpp"
#include "forward/upkeep.hpp"
#include "worker/idle.hpp"
#include "worker/links.hpp"
#include "worker/outbox.hpp"
#include "worker/waiting.hpp"

namespace fairway::worker {

/// One core's life: polls its queues, takes every burst through the pipeline, and passes packets on by their verdicts.
/// Everything in it is touched by its own thread only, but for what Links, Shared and Channel say.
class Worker {
 public:
  Worker(unsigned number, Connections connections, Links links, Shared& shared, Crew& crew, IdleKind idle);

  /// Polls until `shared.stop`.
  void run() noexcept;

 private:
  static constexpr std::uint32_t expiry_budget = 256;   // timers looked at in one loop
  static constexpr std::uint32_t upkeep_budget = 64;    // connections looked at in one loop beside those
  static constexpr std::uint32_t listing_budget = 256;  // slots looked at in one loop for a listing
  static constexpr std::uint64_t mail_budget = 64;      // changes followed in one loop

  /// A burst on its way through a loop.
  struct Passing {
    std::uint64_t received_at;  // ticks
    std::uint32_t packets;
  };

  // One loop.
  bool poll_once() noexcept;
  bool follow_changes() noexcept;
  bool expire_connections() noexcept;
  void finish_loop(std::uint64_t start, bool was_busy) noexcept;
  bool receive() noexcept;
  bool take_handed_over() noexcept;
  bool transmit_for_others() noexcept;
  bool transmit_for_kernel() noexcept;
  void retry_waiting() noexcept;
  void forget_next_hops() noexcept;
  std::uint32_t list_connections(ListConnections& question, std::uint32_t slot) noexcept;
  void answer_listing() noexcept;
  void sleep() noexcept;
  bool has_something_to_do() const noexcept;

  // One burst.
  void process(dpdk::Packet** packets, std::uint32_t count) noexcept;
  void check_steering() noexcept;
  void process_handed_over(dpdk::Packet** packets, std::uint32_t count) noexcept;
  void process_from_kernel(dpdk::Packet** packets, std::uint32_t count) noexcept;
  bool has_local_server() const noexcept;
  void dispatch(std::uint32_t i) noexcept;
  void transmit(dpdk::Packet& packet, net::PortId port) noexcept {
    if (outboxes_[port.value].add(packet)) flush_port(port.value);
  }
  void give_to_kernel(dpdk::Packet& packet, net::PortId port) noexcept;
  void hand_over(dpdk::Packet& packet, unsigned owner) noexcept;
  void keep_waiting(std::uint32_t i) noexcept;
  void drop(dpdk::Packet& packet, forward::Verdict verdict) noexcept;

  void flush_all() noexcept;
  void flush_port(std::size_t port) noexcept;
  void flush_hand_over(unsigned worker) noexcept;
  void flush_to_kernel(std::size_t traffic_class) noexcept;
  void publish_counts() noexcept;
  void release_everything() noexcept;

  unsigned number_;
  Connections connections_;
  Links links_;
  Shared& shared_;
  Crew& crew_;
  Channel& channel_;
  Counters& counters_;
  Idle idle_;
  dpdk::Clock clock_;
  forward::Context context_;
  forward::Upkeep upkeep_;
  forward::Burst burst_;
  dpdk::Packet* const* packets_ = nullptr;  // of the burst
  std::uint64_t now_ = 0;                   // ticks; of the last loop's end, or of waking up
  std::uint64_t received_at_ = 0;           // ticks; of the burst
  std::vector<Passing> passing_;            // in this loop
  bool was_asleep_ = true;                  // since the last loop
  Waiting waiting_;
  std::vector<Outbox> outboxes_;    // by PortId
  std::vector<Outbox> hand_overs_;  // by worker
  std::array<Outbox, traffic_class_count> to_kernel_;
  std::uint64_t routes_generation_ = 0;
  std::uint64_t snapshot_generation_ = 0;
  conn::Templates::Share template_share_;
  std::uint32_t forget_from_;  // slots from here on may hold next hops of old routes
  std::uint32_t listing_slot_ = 0;
};

}  // namespace fairway::worker
