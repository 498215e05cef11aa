// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/mirror.hpp"

#include <algorithm>
#include <utility>

namespace fairway::route {
namespace {

constexpr std::uint32_t least_pause = 100;  // milliseconds between two readings of the routes

bool have_twins(const std::vector<PortSettings>& ports) {
  return std::ranges::any_of(ports, [](const PortSettings& port) { return !port.twin.empty(); });
}

}  // namespace

Mirror::Mirror(std::vector<PortSettings> ports, Callbacks callbacks, base::Stamp now)
    : callbacks_(std::move(callbacks)), builder_(std::move(ports)), now_(now), routes_read_(now) {}

base::Result<std::unique_ptr<Mirror>> Mirror::make(std::vector<PortSettings> ports, Callbacks callbacks,
                                                   base::Stamp now) {
  std::unique_ptr<Mirror> mirror(new Mirror(std::move(ports), std::move(callbacks), now));
  if (have_twins(mirror->builder_.ports())) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    mirror->netlink_.emplace(std::move(*netlink));
    mirror->keeper_.emplace(*mirror->netlink_, mirror->callbacks_.complain, now);
    if (auto read = mirror->read_all(); !read) return read.error();
  }
  mirror->flush();
  return mirror;
}

// --- What the kernel says ----------------------------------------------------------------------------------------------

base::Result<void> Mirror::read_all() {
  auto links = netlink_->links();
  if (!links) return links.error();
  auto addresses = netlink_->addresses();
  if (!addresses) return addresses.error();
  auto neighbours = netlink_->neighbours();
  if (!neighbours) return neighbours.error();
  kernel_.links.clear();
  for (Link& link : *links) kernel_.links[link.index] = std::move(link);
  kernel_.addresses = std::move(*addresses);
  kernel_.neighbours = {neighbours->begin(), neighbours->end()};
  keeper_->on_resync(kernel_);
  lost_events_ = false;
  snapshot_stale_ = true;
  auto routes = read_routes();
  if (routes) follow_linux_links();
  return routes;
}

base::Result<void> Mirror::read_routes() {
  routes_read_ = now_;
  auto routes = netlink_->routes();
  if (!routes) return routes.error();
  kernel_.routes = std::move(*routes);
  builder_.take_routes(kernel_);
  routes_stale_ = false;
  targets_stale_ = snapshot_stale_ = true;
  return {};
}

/// Reading a million routes takes about a second: the more there are, the longer it lets the other work of this thread go
/// on in between.
bool Mirror::may_read_routes() const {
  const auto pause = least_pause + static_cast<std::uint32_t>(kernel_.routes.size() / 100);
  return base::elapsed(routes_read_, now_) >= pause;
}

void Mirror::on_readable() {
  if (!netlink_) return;
  std::vector<Event> events;
  const auto complete = netlink_->receive(events);
  if (!complete) callbacks_.complain(complete.error().message);
  lost_events_ |= !complete || !*complete;
  for (const Event& event : events) take(event);
  if (std::ranges::any_of(events, [](const Event& event) { return std::holds_alternative<LinkEvent>(event); }))
    follow_linux_links();
  flush();
}

void Mirror::take(const Event& event) {
  const Changes changes = apply(kernel_, event);
  routes_stale_ |= changes.routes;
  const auto* neighbour = std::get_if<NeighbourEvent>(&event);
  if (!neighbour || !builder_.layout().by_link.contains(neighbour->entry.first.link)) return;
  snapshot_stale_ |= changes.neighbours;
  keeper_->on_event(*neighbour);
}

void Mirror::on_timer(base::Stamp now) {
  now_ = now;
  if (!netlink_) return flush();
  if ((lost_events_ || routes_stale_) && may_read_routes()) {
    const auto read = lost_events_ ? read_all() : read_routes();
    if (!read) callbacks_.complain(read.error().message);
  }
  flush();
  keeper_->on_timer(kernel_, now);
}

// --- What is wanted ----------------------------------------------------------------------------------------------------

NextHopId Mirror::want(const net::Address& address) {
  if (++wanted_[address] == 1) targets_stale_ = true;
  return builder_.next_hop_to(address);
}

void Mirror::unwant(const net::Address& address) {
  const auto found = wanted_.find(address);
  if (found == wanted_.end() || --found->second > 0) return;
  wanted_.erase(found);
  targets_stale_ = true;
}

void Mirror::resolve(const net::Address& address) {
  const auto target = builder_.target_of(address);
  const auto key = target ? kernel_key(*target) : std::nullopt;
  if (!key) return;
  const auto known = kernel_.neighbours.find(*key);
  if (known == kernel_.neighbours.end() || !known->second.mac) keeper_->ask(*key, now_);
}

void Mirror::flush() {
  if (targets_stale_) update_targets();
  if (keeper_) keeper_->enter_missing();
  if (!std::exchange(snapshot_stale_, false)) return;
  const auto snapshot = builder_.build(kernel_, targets_, now_);
  if (snapshot == published_) return;
  published_ = snapshot;
  callbacks_.publish(snapshot);
}

void Mirror::update_targets() {
  targets_stale_ = false;
  snapshot_stale_ = true;
  targets_ = builder_.gateways();
  for (const auto& [address, count] : wanted_)
    if (const auto target = builder_.target_of(address)) targets_.insert(*target);
  if (!keeper_) return;
  Keeper::Wishes wishes;
  for (const Target& target : targets_)
    if (const auto key = kernel_key(target)) wishes.try_emplace(*key);
  for (const auto& [target, mac] : builder_.static_neighbours())
    if (const auto key = kernel_key(target)) wishes[*key] = mac;
  keeper_->keep(std::move(wishes));
}

/// Where the kernel has this neighbour. Nothing if its segment is none of the kernel's.
std::optional<NeighbourKey> Mirror::kernel_key(const Target& target) const {
  const auto segment = builder_.layout().segments.find(target.segment);
  if (segment == builder_.layout().segments.end() || segment->second.link == 0) return std::nullopt;
  return NeighbourKey{segment->second.link, target.neighbour};
}

std::optional<bool> Mirror::linux_link(net::PortId port) const {
  const auto settings = std::ranges::find(builder_.ports(), port, &PortSettings::id);
  if (!netlink_ || settings == builder_.ports().end() || settings->linux_interface.empty()) return std::nullopt;
  return std::ranges::any_of(kernel_.links, [&](const auto& entry) {
    const Link& link = entry.second;
    return link.name == settings->linux_interface && link.up && link.carrier;
  });
}

void Mirror::follow_linux_links() {
  for (const PortSettings& port : builder_.ports())
    if (const auto up = linux_link(port.id))
      if (auto set = set_link(port.id, *up); !set) callbacks_.complain(set.error().message);
}

base::Result<void> Mirror::set_link(net::PortId port, bool up) {
  const auto settings = std::ranges::find(builder_.ports(), port, &PortSettings::id);
  if (settings == builder_.ports().end() || !settings->follow_link) return {};
  const auto key = kernel_key({{port, settings->vlan}, {}});
  const auto link = key ? kernel_.links.find(key->link) : kernel_.links.end();
  if (link == kernel_.links.end() || link->second.carrier == up) return {};
  if (auto set = netlink_->change_link(key->link, {.carrier = up}); !set)
    return base::Error{"cannot set the carrier of " + settings->twin + ": " + set.error().message};
  return {};
}

// --- Reading it ----------------------------------------------------------------------------------------------------------

std::vector<NeighbourReport> Mirror::report() const {
  std::map<Target, NeighbourReport> rows;
  for (const Target& target : targets_) rows[target].state = to_string(NeighbourState::none);
  for (const auto& [key, neighbour] : kernel_.neighbours) {
    const auto segment = builder_.layout().by_link.find(key.link);
    if (segment == builder_.layout().by_link.end()) continue;
    NeighbourReport& row = rows[{segment->second, key.address}];
    if (row.mac && !neighbour.mac) continue;
    row.mac = neighbour.mac;
    row.state = to_string(neighbour.state);
  }
  for (const auto& [target, mac] : builder_.static_neighbours()) {
    rows[target].mac = mac;
    rows[target].state = "STATIC";
  }
  for (const auto& [address, count] : wanted_)
    if (const auto target = builder_.target_of(address))
      if (const auto row = rows.find(*target); row != rows.end()) ++row->second.wanted;
  std::vector<NeighbourReport> report;
  for (auto& [target, row] : rows) {
    row.address = target.neighbour;
    row.port = published_->ports[target.segment.port.value].name;
    row.vlan = target.segment.vlan;
    report.push_back(std::move(row));
  }
  return report;
}

}  // namespace fairway::route
