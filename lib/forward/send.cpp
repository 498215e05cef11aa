// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/send.hpp"

#include <utility>

namespace fairway::forward {
namespace {

/// Its length is one of two, so that this is a few moves and not a call of memcpy.
void write_header(std::uint8_t* frame, const route::NextHop& next_hop) noexcept {
  constexpr std::size_t untagged = sizeof(net::EthernetHeader), tagged = untagged + sizeof(net::VlanTag);
  if (next_hop.header_length == untagged)
    std::memcpy(frame, next_hop.header.data(), untagged);
  else
    std::memcpy(frame, next_hop.header.data(), tagged);
}

}  // namespace

void send(Burst& burst) noexcept {
  for (const std::uint32_t i : burst.undecided) {
    net::PacketView& packet = burst.packets[i];
    const route::NextHop& next_hop = *burst.next_hops[i];
    if (packet.headroom + packet.network_offset < next_hop.header_length) {
      burst.decide(i, Verdict::drop_no_headroom);
      continue;
    }
    // From here on only the frame's place, length and port count: the offsets are left as they were.
    const std::uint16_t link = next_hop.header_length;
    const auto whole = packet.segmented ? packet.length - packet.network_offset : packet.network_length;
    packet.frame += packet.network_offset - link;
    packet.length = static_cast<std::uint16_t>(whole + link);
    write_header(packet.frame, next_hop);
    packet.port = next_hop.port;
    burst.verdicts[i] = Verdict::transmit;
  }
  burst.transmitted = std::exchange(burst.undecided, {});
}

}  // namespace fairway::forward
