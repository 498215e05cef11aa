// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <vector>

#include "dpdk/packet.hpp"
#include "forward/burst.hpp"
#include "worker/channel.hpp"

/// Between the pipeline, which sees views, and the packets of DPDK.
namespace fairway::worker {

/// Shows received packets to the pipeline, as a burst that is to be run.
inline void show(dpdk::Packet* const* packets, std::uint32_t count, const std::vector<net::PortId>& port_of_device,
                 forward::Burst& burst) noexcept {
  const net::PortId* ports = port_of_device.data();
  for (std::uint32_t i = 0; i < count; ++i) {
    dpdk::prefetch(packets[i]);  // for parse, which comes to it when all are shown
    dpdk::read(*packets[i], ports[dpdk::device(*packets[i])], burst.packets[i]);
  }
  burst.begin(count);
}

/// Likewise packets that Linux sends by the twins of their out ports.
inline void show_from_kernel(dpdk::Packet* const* packets, std::uint32_t count, forward::Burst& burst) noexcept {
  for (std::uint32_t i = 0; i < count; ++i) dpdk::read(*packets[i], dpdk::out_port(*packets[i]), burst.packets[i]);
  burst.begin(count);
}

/// Calls `transmit(packet, port)` with those to be transmitted, finished, and `other(i)` with the rest, whose verdicts
/// are not transmit. Counts the former.
template <class Transmit, class Other>
void dispatch(const forward::Burst& burst, dpdk::Packet* const* packets, Counters& counters, Transmit&& transmit,
              Other&& other) noexcept {
  counters.verdicts[static_cast<std::size_t>(forward::Verdict::transmit)].add(burst.transmitted.count());
  for (const std::uint32_t i : burst.transmitted) {
    const net::PacketView& view = burst.packets[i];
    dpdk::write(view, *packets[i]);
    transmit(*packets[i], view.port);
  }
  for (const std::uint32_t i : forward::PacketSet::first(burst.count).without(burst.transmitted)) other(i);
}

}  // namespace fairway::worker
