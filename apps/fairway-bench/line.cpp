// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/line.hpp"

#include <algorithm>

#include "forward/pipeline.hpp"

namespace fairway::bench {

void Line::run(dpdk::Packet** packets, std::uint32_t count) noexcept {
  for (std::uint32_t i = 0; i < count; i += forward::burst_size) {
    bed_.context().now = clock_.now();
    const std::uint32_t next = std::min(i + 2 * forward::burst_size, count);
    for (std::uint32_t k = i + forward::burst_size; k < next; ++k) dpdk::prefetch_with_data(packets[k]);
    process(packets + i, std::min(forward::burst_size, count - i));
    bed_.connections().end_burst(bed_.context().now, 256);
  }
}

void Line::process(dpdk::Packet** packets, std::uint32_t count) noexcept {
  for (std::uint32_t i = 0; i < count; ++i) dpdk::prefetch(packets[i]);
  for (std::uint32_t i = 0; i < count; ++i) {
    dpdk::read(*packets[i], port_of_device_[dpdk::device(*packets[i])], burst_.packets[i]);
    burst_.packets[i].handed_over = false;
  }
  burst_.begin(count);
  forward::run(burst_, bed_.connections(), bed_.context());
  for (std::uint32_t i = 0; i < count; ++i) dispatch(i);
  bed_.connections().end_burst(bed_.context().now, 0);
}

void Line::dispatch(std::uint32_t i) noexcept {
  const net::PacketView& view = burst_.packets[i];
  counters_.verdicts[static_cast<std::size_t>(burst_.verdicts[i])].add(1);
  if (burst_.verdicts[i] != forward::Verdict::transmit) return;
  worker::Outbox& outbox = outboxes_[view.port.value];
  outbox.add(dpdk::write(view));
  if (!outbox.is_full()) return;
  outbox.flush([](dpdk::Packet**, std::uint32_t) { return 0u; });  // here they would be sent
}

}  // namespace fairway::bench
