// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "net/packet.hpp"

namespace fairway::forward {

constexpr std::uint16_t tun_overhead = sizeof(net::Ipv4Header);

/// IP in IP (RFC 2003): puts an outer header before the packet. As the kernel: TTL, DF and type of service are the inner
/// ones (RFC 3168, 9.1.1: an inner CE becomes ECT(0) outside), the id is 0 where DF is set, else `id`. False without
/// headroom.
bool tunnel(net::PacketView& packet, net::Ipv4Address source, net::Ipv4Address server, std::uint16_t id) noexcept;

}  // namespace fairway::forward
