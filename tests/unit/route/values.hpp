// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/address.hpp"
#include "route/build.hpp"

/// Values for tests of the route room, written short.
namespace fairway::route {

inline net::Address address(const std::string& text) { return net::parse_address(text).value(); }
inline net::Prefix prefix(const std::string& text) { return net::parse_prefix(text).value(); }
inline net::MacAddress mac(const std::string& text) { return net::parse_mac(text).value(); }

inline PortSettings port_with_twin(std::uint16_t id, const std::string& twin) {
  PortSettings port;
  port.id = net::PortId{id};
  port.name = "port" + std::to_string(id);
  port.twin = twin;
  port.mac = mac("02:00:00:00:00:0" + std::to_string(id));
  return port;
}

inline PortSettings static_port(std::uint16_t id) { return port_with_twin(id, ""); }

inline Link link(int index, const std::string& name, const std::string& mac_text) {
  return {.index = index, .name = name, .mac = mac(mac_text), .mtu = 1500, .up = true, .carrier = true};
}

inline KernelRoute direct_route(const std::string& destination, int link) {
  return {.destination = prefix(destination), .hops = {{.link = link}}};
}

inline KernelRoute route_by(const std::string& destination, int link, const std::string& gateway) {
  return {.destination = prefix(destination), .hops = {{.link = link, .gateway = address(gateway)}}};
}

inline Neighbour reachable(const std::string& mac_text) {
  return {.mac = mac(mac_text), .state = NeighbourState::reachable};
}

}  // namespace fairway::route
