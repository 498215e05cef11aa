// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "net/packet.hpp"

namespace fairway::net {

enum class Parsed : std::uint8_t {
  tuple,         // an unfragmented TCP or UDP packet over IPv4: every field of the view is filled
  fragment,      // of an IPv4 packet: addresses and protocol are filled, service ports are zero
  other,         // not for a director (ARP, IPv6 for now, ICMP, …)
  malformed,     // truncated, or its lengths contradict each other
  bad_checksum,  // of the IPv4 header (RFC 1812, 5.2.2)
  segmented,     // its headers reach beyond the first segment
};

/// Reads the headers of `packet.frame` (`packet.length` bytes, none beyond is touched) into the view. Takes zero to two
/// VLAN tags. Layer-4 checksums are not looked at: what came in wrong goes out wrong, for the receiver to see.
Parsed parse(PacketView& packet) noexcept;

}  // namespace fairway::net
