// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <span>

namespace fairway::worker {

/// Of packets between a port and its twin. What keeps the network itself alive has a class of its own, which a flood of
/// other packets cannot fill.
enum class TrafficClass : std::uint8_t { control, bulk };
constexpr std::size_t traffic_class_count = 2;

/// control: ARP, IPv6 neighbour discovery, VRRP, OSPF, IGMP, BGP, BFD. `frame` begins with the Ethernet header; at most
/// the bytes there are looked at.
TrafficClass class_of(std::span<const std::uint8_t> frame) noexcept;

}  // namespace fairway::worker
