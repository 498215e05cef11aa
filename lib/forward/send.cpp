// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/send.hpp"

namespace fairway::forward {

void send(Burst& burst, const Context& context) noexcept {
  burst.undecided.each([&](std::uint32_t i) {
    net::PacketView& packet = burst.packets[i];
    const route::NextHop& next_hop = context.routes->at(burst.next_hops[i]);
    if (packet.headroom + packet.network_offset < next_hop.header_length)
      return burst.decide(i, Verdict::drop_no_headroom);
    packet.set_bytes_before_network(next_hop.header_length);
    std::memcpy(packet.frame, next_hop.header.data(), next_hop.header_length);
    if (!packet.segmented) packet.length = static_cast<std::uint16_t>(packet.network_offset + packet.network_length);
    packet.port = next_hop.port;
    burst.decide(i, Verdict::transmit);
  });
}

}  // namespace fairway::forward
