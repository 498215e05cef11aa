// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/line.hpp"

#include <algorithm>

#include "forward/pipeline.hpp"
#include "worker/burst.hpp"

namespace fairway::bench {
namespace {

constexpr std::uint32_t expiry_budget = 256;  // of a loop, as the director's workers have it
constexpr std::uint32_t places_a_line = 64 / sizeof(void*);

}  // namespace

bool Line::poll(std::uint32_t loop) noexcept {
  bed_.context(worker_).now = now();
  const auto size = static_cast<std::uint32_t>(queue_.size());
  const std::uint32_t first = std::min(loop * burst_size_, size), end = std::min(first + burst_size_, size);
  const std::uint32_t next_end = std::min(end + burst_size_, size);
  for (std::uint32_t k = end; k < next_end; ++k) dpdk::prefetch_with_data(queue_[k]);
  if (end > first) process(queue_.data() + first, end - first);
  const bool found = take_handed_over() || end > first;
  bed_.connections(worker_).end_burst(bed_.context(worker_).now, expiry_budget);
  for (unsigned to = 0; to < hand_overs_.size(); ++to)
    if (!hand_overs_[to].empty()) flush_hand_over(to);
  return found;
}

base::Stamp Line::now() noexcept {
  const base::Stamp real = clock_.now();  // read in any case: a worker does
  if (!has_own_time_) return real;
  passed_ += step_;
  return base::later(began_, static_cast<std::uint32_t>(passed_ / 1000));
}

void Line::process(dpdk::Packet** packets, std::uint32_t count) noexcept {
  worker::show(packets, count, port_of_device_, burst_);
  forward::run(burst_, bed_.connections(worker_), bed_.context(worker_));
  worker::dispatch(
      burst_, packets, counters_, [this](dpdk::Packet& packet, net::PortId port) { transmit(packet, port); },
      [&](std::uint32_t i) { set_aside(i, *packets[i]); });
  bed_.connections(worker_).end_burst(bed_.context(worker_).now, 0);
  done_.store(done_.load(std::memory_order_relaxed) + burst_.transmitted.count(), std::memory_order_release);
}

void Line::set_aside(std::uint32_t i, dpdk::Packet& packet) noexcept {
  const forward::Verdict verdict = burst_.verdicts[i];
  counters_.verdicts[static_cast<std::size_t>(verdict)].add(1);
  if (verdict == forward::Verdict::to_other_worker) {
    counters_.handed_over.add(1);
    const unsigned owner = burst_.owners[i];
    if (hand_overs_[owner].add(packet)) flush_hand_over(owner);
    return;
  }
  if ((burst_.packets[i].tcp_flags & net::TcpHeader::syn) == 0) ++lost_established_;
  done_.store(done_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

bool Line::take_handed_over() noexcept {
  bool found = false;
  for (dpdk::Ring* ring : from_) {
    if (!ring) continue;
    std::array<dpdk::Packet*, forward::burst_size> packets;
    const std::uint32_t count = ring->dequeue(packets.data(), forward::burst_size);
    if (count == 0) continue;
    found = true;
    writes_.ring_ends += 1;
    writes_.packets += 2 * count;
    process(packets.data(), count);
  }
  return found;
}

void Line::flush_hand_over(unsigned to) noexcept {
  hand_overs_[to].flush([&](dpdk::Packet** packets, std::uint32_t count) {
    writes_.ring_ends += 1;
    writes_.ring_places += (count + places_a_line - 1) / places_a_line;
    return worker::put(*to_[to], packets, count);
  });
}

bool Line::is_idle() const {
  return std::all_of(from_.begin(), from_.end(), [](const dpdk::Ring* ring) { return !ring || ring->empty(); });
}

}  // namespace fairway::bench
