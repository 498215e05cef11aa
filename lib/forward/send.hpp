// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstring>

#include "forward/burst.hpp"

namespace fairway::forward {

/// Its length is one of two, so that this is a few moves and not a call of memcpy.
inline void write_header(std::uint8_t* frame, const route::NextHop& next_hop) noexcept {
  constexpr std::size_t untagged = sizeof(net::EthernetHeader), tagged = untagged + sizeof(net::VlanTag);
  if (next_hop.header_length == untagged) [[likely]]
    std::memcpy(frame, next_hop.header.data(), untagged);
  else
    std::memcpy(frame, next_hop.header.data(), tagged);
}

/// Gives a packet its next hop's link-layer header and port, and the verdict transmit. VLAN tags it came with are gone; what
/// the sender padded a short frame with is cut off.
[[gnu::always_inline]] inline void send(Burst& burst, const Known& known, const route::NextHop& next_hop) noexcept {
  net::PacketView& packet = known.packet;
  const std::uint16_t link = next_hop.header_length, network_offset = packet.network_offset;
  if (packet.headroom + network_offset < link) [[unlikely]]
    return burst.decide(known.i, Verdict::drop_no_headroom);
  // From here on only the frame's place, length and port count: the offsets are left as they were.
  int whole = packet.network_length;
  if (packet.segmented) [[unlikely]]
    whole = packet.length - network_offset;
  std::uint8_t* const frame = packet.frame + network_offset - link;
  packet.frame = frame;
  packet.length = static_cast<std::uint16_t>(whole + link);
  packet.port = next_hop.port;
  burst.verdicts[known.i] = Verdict::transmit;
  write_header(frame, next_hop);
}

}  // namespace fairway::forward
