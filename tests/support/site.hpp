// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

#include "route/snapshot.hpp"
#include "support/packets.hpp"

namespace fairway::tests {

/// The network round the director of most tests. Port 0 is the clients' side: everything by one gateway. Port 1 is the
/// servers' side: 10.0.0.0/24 on the link, of which 10.0.0.1 to 10.0.0.9 are resolved, 10.0.0.10 is asked for, and the
/// rest is unknown. 172.16.0.0/12 is not reachable.
namespace site {

constexpr std::string_view outside_mac = "02:00:00:00:00:01", inside_mac = "02:00:00:00:00:02";
constexpr std::string_view gateway_mac = "02:00:00:00:0c:01";
constexpr net::PortId outside{0}, inside{1};
constexpr std::uint32_t gateway_hop = 1;
constexpr std::uint32_t resolved_servers = 9;

inline std::string server_mac(unsigned number) { return "02:00:00:00:0a:0" + std::to_string(number); }
inline std::string server_address(unsigned number) { return "10.0.0." + std::to_string(number); }

inline route::NextHop next_hop(net::PortId port, std::string_view to, std::string_view from, std::string_view source,
                               std::uint16_t vlan = route::no_vlan) {
  route::NextHop hop;
  route::set_header(hop, mac(to), mac(from), vlan);
  hop.resolved = true;
  hop.port = port;
  hop.source = ipv4(source);
  return hop;
}

inline route::Snapshot routes() {
  route::Snapshot snapshot;
  snapshot.generation = 1;
  snapshot.ports.resize(2);
  snapshot.ports[0] = {"outside", {mac(outside_mac)}, {address("192.0.2.254"), address("192.0.2.1")}};
  snapshot.ports[1] = {"inside", {mac(inside_mac)}, {address("10.0.0.254")}};
  snapshot.next_hops.push_back(next_hop(outside, gateway_mac, outside_mac, "192.0.2.254"));
  for (unsigned number = 1; number <= resolved_servers + 1; ++number) {
    const bool is_resolved = number <= resolved_servers;
    const std::string its_mac = is_resolved ? server_mac(number) : "00:00:00:00:00:00";
    snapshot.next_hops.push_back(next_hop(inside, its_mac, inside_mac, "10.0.0.254"));
    snapshot.next_hops.back().resolved = is_resolved;
    snapshot.set_on_link(inside, route::no_vlan, address(server_address(number)),
                         route::NextHopId{gateway_hop + number});
  }
  route::Path by_gateway, on_link;
  by_gateway.on_link = false;
  by_gateway.gateway = route::NextHopId{gateway_hop};
  on_link.port = inside;
  snapshot.set_routes({{net::parse_prefix("0.0.0.0/0").value(), {by_gateway}},
                       {net::parse_prefix("10.0.0.0/24").value(), {on_link}},
                       {net::parse_prefix("172.16.0.0/12").value(), {}}});
  return snapshot;
}

}  // namespace site
}  // namespace fairway::tests
