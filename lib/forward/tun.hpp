// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "net/packet.hpp"

namespace fairway::forward {

constexpr std::uint16_t tun_overhead = sizeof(net::Ipv4Header);

/// The ends of a tunnel, and what is not the inner packet's.
struct Tunnel {
  net::Ipv4Address source;
  net::Ipv4Address server;
  std::uint16_t id;      // of an outer header without DF
  bool keeps_df = true;  // else the outer header has none (pmtu_disc 0)
};

/// IP in IP (RFC 2003): puts an outer header before the packet. As the kernel: TTL, DF and type of service are the inner
/// ones (RFC 3168, 9.1.1: an inner CE becomes ECT(0) outside), the id is 0 where DF is set. False without headroom.
bool tunnel(net::PacketView& packet, const Tunnel& tunnel) noexcept;

}  // namespace fairway::forward
