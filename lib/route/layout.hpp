// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/packet.hpp"
#include "route/kernel.hpp"
#include "route/snapshot.hpp"

namespace fairway::route {

/// A port as the configuration describes it.
struct PortSettings {
  net::PortId id{};  // its place in the configuration
  std::string name;
  std::string twin;  // name of the twin; empty: none, everything is static
  net::MacAddress mac{};
  std::uint16_t mtu = 1500;            // bytes
  std::uint16_t vlan = no_vlan;        // of what the port itself sends: the twin's, or the static neighbours'
  std::vector<net::Prefix> addresses;  // with the host part
  std::map<net::Address, net::MacAddress> neighbours;  // static ones
  std::optional<net::Address> gateway;                 // default route of a port without a twin
  bool follow_link = true;                             // the twin's carrier follows the port's link
  std::string linux_interface = {};                    // whose link is the port's; empty: none, the driver knows
};

/// A broadcast domain that the director can reach: a port, untagged or in a VLAN.
struct Segment {
  net::PortId port{};
  std::uint16_t vlan = no_vlan;

  auto operator<=>(const Segment&) const = default;
};

struct FirstAddresses {
  std::optional<net::Address> ipv4, ipv6;
};

/// What the director itself has on a segment.
struct SegmentInfo {
  int link = 0;  // the twin, or its VLAN child; 0: none, the segment is static
  std::uint16_t mtu = 1500;
  std::vector<net::Prefix> subnets;  // of the director's global addresses; those of one address are left out
  FirstAddresses first;              // global ones
};

/// Which of the kernel's links stand for which segments, and what the ports have on them. A twin is the port's own segment,
/// its VLAN children are (port, VLAN); macvlan children add MACs and addresses to the segment they stand on.
struct Layout {
  std::map<Segment, SegmentInfo> segments;
  std::unordered_map<int, Segment> by_link;
  std::vector<PortAddresses> ports;  // by PortId
  FirstAddresses first;              // of any segment

  /// The director's own address for packets to this neighbour, as the kernel chooses it: one in its subnet, else the
  /// first global one of the segment, else of any.
  std::optional<net::Address> source_towards(const Segment& segment, const net::Address& neighbour) const;
};

Layout make_layout(const std::vector<PortSettings>& ports, const KernelState& kernel);

}  // namespace fairway::route
