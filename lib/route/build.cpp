// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/build.hpp"

#include <algorithm>
#include <utility>

namespace fairway::route {
namespace {

bool is_link_local(const net::Address& address) {  // RFC 4291, 2.5.6
  const auto& bytes = address.bytes.bytes;
  return !address.is_v4() && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

/// The smaller of two MTUs of which 0 says nothing.
std::uint16_t smaller_mtu(std::uint32_t of_route, std::uint16_t of_link) {
  return of_route ? static_cast<std::uint16_t>(std::min<std::uint32_t>(of_route, of_link)) : of_link;
}

std::uint32_t spread(const net::Address& address) {
  return static_cast<std::uint32_t>(std::hash<net::Address>{}(address));
}

}  // namespace

Builder::Builder(std::vector<PortSettings> ports) : ports_(std::move(ports)) {
  for (const PortSettings& port : ports_)
    for (const auto& [address, mac] : port.neighbours) static_neighbours_[{{port.id, port.vlan}, address}] = mac;
  take_routes({});
}

// --- Routes ----------------------------------------------------------------------------------------------------------

void Builder::take_routes(const KernelState& kernel) {
  layout_ = make_layout(ports_, kernel);
  gateways_.clear();
  std::vector<Route> routes = static_routes();
  std::vector<const KernelRoute*> by_metric;
  std::vector<Route> local;
  for (const KernelRoute& route : kernel.routes) {
    if (route.is_local)
      local.push_back({route.destination, {}});
    else
      by_metric.push_back(&route);
  }
  if (local != local_) {
    local_ = std::move(local);
    working_.set_local(local_);
    local_changed_ = true;
  }
  std::ranges::stable_sort(by_metric, {}, &KernelRoute::metric);
  for (const KernelRoute* route : by_metric)
    if (auto translated = translate(*route)) routes.push_back(std::move(*translated));
  if (routes == routes_) return;
  routes_ = std::move(routes);
  working_.set_routes(routes_);
  routes_changed_ = true;
}

/// A port without a twin has its addresses' networks on the link, its static neighbours, and all else by its gateway.
std::vector<Route> Builder::static_routes() {
  std::vector<Route> routes;
  for (const PortSettings& port : ports_) {
    if (!port.twin.empty()) continue;
    const Path on_link{.port = port.id, .vlan = port.vlan};
    for (const net::Prefix& prefix : port.addresses) routes.push_back({prefix, {on_link}});
    for (const auto& [address, mac] : port.neighbours)
      routes.push_back({{address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)}, {on_link}});
    if (!port.gateway) continue;
    const net::Address any(port.gateway->family, {});
    routes.push_back({{any, 0}, {path_by({{port.id, port.vlan}, *port.gateway}, 0, std::nullopt)}});
  }
  return routes;
}

/// Nothing if the route does not count now. One by other links than ours keeps its destinations from being sent by a
/// shorter prefix.
std::optional<Route> Builder::translate(const KernelRoute& route) {
  if (is_link_local(route.destination.address)) return std::nullopt;  // the same on every link: tells nothing
  Route result{route.destination, {}};
  bool alive = route.hops.empty();
  for (const RouteHop& hop : route.hops) {
    if (hop.dead) continue;
    alive = true;
    if (auto path = translate(hop, route)) result.paths.push_back(std::move(*path));
  }
  return alive ? std::optional(std::move(result)) : std::nullopt;
}

std::optional<Path> Builder::translate(const RouteHop& hop, const KernelRoute& route) {
  const auto segment = layout_.by_link.find(hop.link);
  if (segment == layout_.by_link.end()) return std::nullopt;
  const auto mtu = route.mtu ? smaller_mtu(route.mtu, 0xffff) : std::uint16_t{0};
  Path path{.port = segment->second.port, .vlan = segment->second.vlan, .mtu = mtu, .source = route.source};
  if (hop.gateway) path = path_by({segment->second, *hop.gateway}, mtu, route.source);
  path.weight = hop.weight;
  return path;
}

Path Builder::path_by(const Target& gateway, std::uint16_t mtu, const std::optional<net::Address>& source) {
  gateways_.insert(gateway);
  const NextHopId id = ids_.get({gateway, mtu, source});
  return {.port = gateway.segment.port, .vlan = gateway.segment.vlan, .on_link = false, .gateway = id};
}

bool Builder::is_this_host(const net::Address& address) const {
  return net::is_loopback(address) || working_.has_local_route(address) ||
         std::ranges::any_of(layout_.ports, [&](const PortAddresses& port) {
           return std::ranges::find(port.local, address) != port.local.end();
         });
}

std::optional<Target> Builder::target_of(const net::Address& destination) const {
  if (is_this_host(destination)) return std::nullopt;
  const Path* path = working_.find_path(destination, spread(destination));
  if (!path) return std::nullopt;
  if (path->on_link) return Target{{path->port, path->vlan}, destination};
  return ids_.key(path->gateway)->target;
}

NextHopId Builder::next_hop_to(const net::Address& destination) {
  const Path* path = working_.find_path(destination, spread(destination));
  if (!path) return no_next_hop;
  if (!path->on_link) return path->gateway;
  return ids_.get({.target = {{path->port, path->vlan}, destination}});
}

// --- Neighbours ------------------------------------------------------------------------------------------------------

std::shared_ptr<const Snapshot> Builder::build(const KernelState& kernel, const std::set<Target>& wanted,
                                               base::Stamp now) {
  const Macs macs = known_neighbours(kernel, wanted);
  Snapshot next = working_;
  const bool on_link_changed = update_on_link(next, macs);
  next.next_hops = make_hops(macs, now);
  next.ports = layout_.ports;
  const bool wanted_changed = wanted != wanted_;
  if (wanted_changed) wanted_ = wanted;
  const bool routes_changed = std::exchange(routes_changed_, false);
  const bool own_changed = std::exchange(local_changed_, false) || next.ports != working_.ports;
  const bool same = current_ && !on_link_changed && !wanted_changed && !routes_changed && !own_changed &&
                    next.next_hops == working_.next_hops;
  if (same) return current_;
  ++next.generation;
  next.routes_generation += routes_changed;
  next.wanted_generation += routes_changed || wanted_changed || own_changed;
  working_ = std::move(next);
  return current_ = std::make_shared<const Snapshot>(working_);
}

/// Every neighbour that something is known of, with its MAC if that is known. The configuration has the last word; a
/// link's own entry counts before that of a macvlan beside it.
Builder::Macs Builder::known_neighbours(const KernelState& kernel, const std::set<Target>& wanted) const {
  Macs macs;
  for (const auto& [key, neighbour] : kernel.neighbours) {
    const auto segment = layout_.by_link.find(key.link);
    if (segment == layout_.by_link.end()) continue;
    const bool is_main = layout_.segments.at(segment->second).link == key.link;
    auto& mac = macs[{segment->second, key.address}];
    if (neighbour.mac && (is_main || !mac)) mac = neighbour.mac;
  }
  for (const Target& target : wanted) macs.try_emplace(target);
  for (const auto& [target, mac] : static_neighbours_) macs[target] = mac;
  return macs;
}

/// Enters all of them as neighbours on the link, unless they are there already; true if not.
bool Builder::update_on_link(Snapshot& next, const Macs& macs) {
  std::unordered_map<Target, NextHopId, TargetHash> on_link;
  on_link.reserve(macs.size());
  for (const auto& [target, mac] : macs) on_link.emplace(target, ids_.get({.target = target}));
  if (on_link == on_link_) return false;
  next.clear_on_link();
  for (const auto& [target, id] : on_link)
    next.set_on_link(target.segment.port, target.segment.vlan, target.neighbour, id);
  on_link_ = std::move(on_link);
  return true;
}

/// One for each id that was ever given: an old one stays right for those who still hold it while its neighbour is known.
std::vector<NextHop> Builder::make_hops(const Macs& macs, base::Stamp now) {
  std::vector<NextHop> hops(ids_.end());
  for (std::uint32_t i = 1; i < ids_.end(); ++i) {
    const NextHopId id{i};
    if (!ids_.key(id)) continue;
    const Target& target = ids_.key(id)->target;
    const auto mac = macs.find(target);
    const bool is_known = mac != macs.end() || gateways_.contains(target);
    if (is_known) hops[i] = make_hop(*ids_.key(id), mac == macs.end() ? std::nullopt : mac->second);
    ids_.note_use(id, is_known, now);
  }
  return hops;
}

NextHop Builder::make_hop(const HopKey& key, const std::optional<net::MacAddress>& mac) const {
  const auto& [segment, neighbour] = key.target;
  const auto info = layout_.segments.find(segment);
  NextHop hop{.port = segment.port, .neighbour = neighbour};
  const auto port = std::ranges::find(ports_, segment.port, &PortSettings::id);
  hop.resolved = mac && info != layout_.segments.end();
  set_header(hop, mac.value_or(net::MacAddress{}), port->mac, segment.vlan);
  // Without a word of its gateway's route, what the route to the neighbour itself says.
  const Path* path = working_.find_path(neighbour, 0);
  const bool by_path =
      key.mtu == 0 && !key.source && path && path->on_link && path->port == segment.port && path->vlan == segment.vlan;
  if (info != layout_.segments.end()) hop.mtu = smaller_mtu(by_path ? path->mtu : key.mtu, info->second.mtu);
  for (const auto& source : {layout_.source_towards(segment, net::Address(net::Ipv4Address{})),
                             layout_.source_towards(segment, net::Address(net::Ipv6Address{})),
                             layout_.source_towards(segment, neighbour), by_path ? path->source : key.source}) {
    if (!source) continue;
    if (source->is_v4())
      hop.source = source->v4();
    else
      hop.source6 = source->v6();
  }
  return hop;
}

}  // namespace fairway::route
