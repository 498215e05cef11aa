// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/snapshot.hpp"

#include <algorithm>
#include <cstring>

namespace fairway::route {
namespace {

/// 64 bits as they stand on the wire, of which the first `length` are set.
std::uint64_t mask_of(unsigned length) noexcept {
  const std::uint64_t host = length >= 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> length);
  return net::BigEndian<std::uint64_t>(host).raw();
}

/// The address with all bits behind the first `length` set to zero.
net::Address network_of(const net::Address& address, unsigned length) noexcept {
  net::Address network = address;
  std::uint64_t words[2];
  std::memcpy(words, &network.bytes, sizeof words);
  words[0] &= mask_of(length);
  words[1] &= length > 64 ? mask_of(length - 64) : 0;
  std::memcpy(&network.bytes, words, sizeof words);
  return network;
}

/// Each path gets the share of all hashes that its weight is of all weights, as the kernel's multipath does.
const Path& choose(const std::vector<Path>& paths, std::uint32_t flow_hash) noexcept {
  if (paths.size() == 1) return paths.front();
  std::uint64_t total = 0;
  for (const Path& path : paths) total += path.weight;
  std::uint64_t place = flow_hash * total >> 32;
  for (const Path& path : paths) {
    if (place < path.weight) return path;
    place -= path.weight;
  }
  return paths.front();
}

}  // namespace

void set_header(NextHop& hop, const net::MacAddress& destination, const net::MacAddress& source, std::uint16_t vlan) {
  const net::EthernetHeader ethernet{destination, source, vlan ? net::EtherType::vlan : net::EtherType::ipv4};
  std::memcpy(hop.header.data(), &ethernet, sizeof ethernet);
  hop.header_length = sizeof ethernet;
  if (vlan == no_vlan) return;
  const net::VlanTag tag{net::Big16(vlan), net::EtherType::ipv4};
  std::memcpy(hop.header.data() + sizeof ethernet, &tag, sizeof tag);
  hop.header_length = sizeof ethernet + sizeof tag;
}

const Route* Snapshot::longest_match(const Routes& routes, const net::Address& destination) noexcept {
  for (const auto& [length, networks] : destination.is_v4() ? routes.ipv4 : routes.ipv6)
    if (const auto found = networks.find(network_of(destination, length)); found != networks.end())
      return &found->second;
  return nullptr;
}

const Path* Snapshot::find_path(const net::Address& destination, std::uint32_t flow_hash) const noexcept {
  const Route* route = longest_match(*routes_, destination);
  return route && !route->paths.empty() ? &choose(route->paths, flow_hash) : nullptr;
}

NextHopId Snapshot::find(const net::Address& destination, std::uint32_t flow_hash) const noexcept {
  const Path* path = find_path(destination, flow_hash);
  if (!path) return no_next_hop;
  if (!path->on_link) return path->gateway;
  const auto neighbour = on_link_->find({path->port, path->vlan, destination});
  return neighbour == on_link_->end() ? no_next_hop : neighbour->second;
}

NextHopId Snapshot::find_server(const net::Address& address, std::uint32_t flow_hash) const noexcept {
  return net::is_loopback(address) || is_local(address) ? this_host : find(address, flow_hash);
}

bool Snapshot::is_local(const net::Address& address) const noexcept {
  return has_local_route(address) || std::ranges::any_of(ports, [&](const PortAddresses& port) {
           return std::ranges::find(port.local, address) != port.local.end();
         });
}

bool Snapshot::has_local_route(const net::Address& address) const noexcept {
  return longest_match(*local_, address) != nullptr;
}

void Snapshot::set_routes(std::vector<Route> routes) { routes_ = tables_of(std::move(routes)); }

void Snapshot::set_local(std::vector<Route> routes) { local_ = tables_of(std::move(routes)); }

std::shared_ptr<const Snapshot::Routes> Snapshot::tables_of(std::vector<Route> routes) {
  auto tables = std::make_shared<Routes>();
  for (Route& route : routes) {
    const std::uint8_t length = route.destination.length;
    const net::Address network = network_of(route.destination.address, length);
    ByLength& table = network.is_v4() ? tables->ipv4 : tables->ipv6;
    auto place = std::ranges::lower_bound(table, length, std::ranges::greater{}, &ByLength::value_type::first);
    if (place == table.end() || place->first != length) place = table.emplace(place, length, ByNetwork{});
    place->second.emplace(network, std::move(route));
  }
  return tables;
}

void Snapshot::set_on_link(net::PortId port, std::uint16_t vlan, const net::Address& neighbour, NextHopId id) {
  if (on_link_.use_count() > 1) on_link_ = std::make_shared<OnLink>(*on_link_);
  on_link_->insert_or_assign({port, vlan, neighbour}, id);
}

void Snapshot::clear_on_link() { on_link_ = std::make_shared<OnLink>(); }

}  // namespace fairway::route
