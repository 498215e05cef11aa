// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/line.hpp"

#include <algorithm>

#include "forward/pipeline.hpp"
#include "worker/burst.hpp"

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
  worker::show(packets, count, port_of_device_, burst_);
  forward::run(burst_, bed_.connections(), bed_.context());
  worker::dispatch(
      burst_, packets, counters_, [this](dpdk::Packet& packet, net::PortId port) { transmit(packet, port); },
      [this](std::uint32_t i) { counters_.verdicts[static_cast<std::size_t>(burst_.verdicts[i])].add(1); });
  bed_.connections().end_burst(bed_.context().now, 0);
}

void Line::transmit(dpdk::Packet& packet, net::PortId port) noexcept {
  worker::Outbox& outbox = outboxes_[port.value];
  outbox.add(packet);
  if (outbox.is_full()) outbox.flush([](dpdk::Packet**, std::uint32_t) { return 0u; });  // here they would be sent
}

}  // namespace fairway::bench
