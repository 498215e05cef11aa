// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "net/packet.hpp"

namespace fairway::net {

struct IcmpError {
  std::uint8_t type;
  std::uint8_t code;
  std::uint16_t mtu = 0;  // of fragmentation-needed only
};

/// Turns the IPv4 packet in its own buffer into an ICMP error about itself, from `source` to whoever sent it, back the
/// way it came (MAC addresses exchanged, VLAN tags kept). Quotes as much of it as fits into 576 bytes (RFC 1812,
/// 4.3.2.3), with Linux's type of service, TTL and DF bit. Needs a parsed view with 28 bytes of headroom: false without.
bool answer_with_icmp(PacketView& packet, Ipv4Address source, IcmpError error) noexcept;

/// RFC 1122, 3.2.2 forbids errors about errors, groups, later fragments and broken senders; only TCP and UDP packets with
/// a tuple get here, so what is left is the sender and the link-layer group.
bool may_answer(const PacketView& packet) noexcept;

}  // namespace fairway::net
