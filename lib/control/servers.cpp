// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/servers.hpp"

#include "service/server_endpoints.hpp"

namespace fairway::control {
namespace {

service::Endpoint endpoint_of(const ServerName& name) {
  return service::endpoint_of(name.service.protocol, name.address, name.port);
}

void clear(service::ServerLine& line) {
  line.connections.set(0);
  line.in_packets.set(0);
  line.in_bytes.set(0);
  line.out_packets.set(0);
  line.out_bytes.set(0);
  line.active.set(0);
  line.inactive.set(0);
  line.total.set(0);
  line.persistent.set(0);
}

}  // namespace

std::size_t ServerNameHash::operator()(const ServerName& name) const noexcept {
  return service::endpoint_of(name.service).hash() * 31 + endpoint_of(name).hash();
}

Servers::Servers(worker::Crew& crew, service::Table& table, NeighbourKeeper& neighbours)
    : crew_(crew), table_(table), neighbours_(neighbours) {
  statuses_[service::no_server].set({.available = true, .next_hop = route::by_routes.value});
}

std::optional<service::ServerId> Servers::take_id(const ServerName& name) {
  if (const auto deleted = trash_.find(name); deleted != trash_.end()) {
    const service::ServerId id = deleted->second.id;
    trash_.erase(deleted);
    return id;
  }
  if (!unused_.empty()) {
    const service::ServerId id = unused_.back();
    unused_.pop_back();
    known_[id.value] = {.name = name};
    return id;
  }
  if (known_.size() == service::max_servers) return std::nullopt;
  known_.push_back({.name = name});
  return service::ServerId{static_cast<std::uint32_t>(known_.size() - 1)};
}

base::Result<service::ServerId> Servers::add(const ServerName& name, const service::ServerSpec& spec) {
  const auto id = take_id(name);
  if (!id)
    return base::Error{"there is no room for another server: " + std::to_string(service::max_servers) +
                       " are there, deleted ones with connections included"};
  known_[id->value].wanted = want(name.address);
  known_[id->value].meter.estimator().go_on_from(counted(*id));
  edit(*id, spec);
  publish_status(*id);
  count_local(known_[id->value]);
  return *id;
}

void Servers::edit(service::ServerId id, const service::ServerSpec& spec) {
  crew_.limits()[id.value].set(spec.upper_threshold, spec.lower_threshold);
  crew_.limits()[id.value].set_quiescent(spec.weight == 0);
  Known& server = known_[id.value];
  set_nat(server, spec.forwarding == service::Forwarding::nat);
  if (!server.is_nat || server.is_nat_endpoint) return;
  service::for_nat_endpoints_of(server.name.service, server.name.address, server.name.port,
                                [&](const service::Endpoint& endpoint) { table_.add_nat_server(endpoint); });
  server.is_nat_endpoint = true;
}

void Servers::set_nat(Known& server, bool is_nat) {
  if (is_nat == server.is_nat) return;
  server.is_nat = is_nat;
  service::for_endpoints_at(server.name.service, server.name.address, server.name.port,
                            [&](const service::Endpoint& endpoint) {
                              is_nat ? table_.nat_server_came(endpoint) : table_.nat_server_left(endpoint);
                            });
}

void Servers::serve(service::ServerId id, service::ServiceId service) {
  Known& server = known_[id.value];
  if (server.service && *server.service != service) set_to_zero(id);
  server.service = service;
}

void Servers::remove(service::ServerId id) {
  Known& server = known_[id.value];
  server.wanted = nullptr;
  set_nat(server, false);
  publish_status(id);
  count_local(server);
  unwant(server.name.address);
  trash_.emplace(server.name, Deleted{.id = id, .idle_since = std::nullopt});
}

const Servers::Wanted* Servers::want(const net::Address& address) {
  Wanted& wanted = wanted_[address];
  if (wanted.servers++ == 0) {
    neighbours_.want(address);
    wanted.next_hop = find_next_hop(address);
  }
  return &wanted;
}

void Servers::unwant(const net::Address& address) {
  const auto found = wanted_.find(address);
  if (--found->second.servers > 0) return;
  wanted_.erase(found);
  neighbours_.unwant(address);
}

// A server keeps to one path of a multipath route, other servers to others.
route::NextHopId Servers::find_next_hop(const net::Address& address) const {
  return routes_->find_server(address, static_cast<std::uint32_t>(std::hash<net::Address>{}(address)));
}

void Servers::publish_status(service::ServerId id) {
  const Wanted* wanted = known_[id.value].wanted;
  statuses_[id.value].set({.available = wanted != nullptr, .next_hop = wanted ? wanted->next_hop.value : 0});
}

void Servers::routes_changed(std::shared_ptr<const route::Snapshot> routes) {
  const bool is_same_for_servers = routes->wanted_generation == routes_->wanted_generation;
  routes_ = std::move(routes);
  if (is_same_for_servers) return;
  for (auto& [address, wanted] : wanted_) wanted.next_hop = find_next_hop(address);
  for (std::uint32_t id = 0; id < known_.size(); ++id) {
    publish_status({id});
    count_local(known_[id]);
  }
}

/// Workers look at what Linux sends only while it may be a server's reply.
void Servers::count_local(Known& server) {
  const bool is_server = server.wanted || server.is_nat_endpoint;
  const bool is_local = is_server && find_next_hop(server.name.address) == route::this_host;
  if (is_local == server.is_local) return;
  server.is_local = is_local;
  local_servers_ += is_local ? 1 : -1;
  table_.set_local_server(local_servers_ > 0);
}

bool Servers::is_idle(service::ServerId id) const {
  const Connections now = connections(id);
  return now.active == 0 && now.inactive == 0;
}

/// By connections or templates: its id must not come to mean another server.
bool Servers::is_referred_to(service::ServerId id) const { return !is_idle(id) || connections(id).persistent != 0; }

void Servers::sweep(Time now) {
  std::vector<std::pair<ServerName, service::ServerId>> leaving;
  for (auto& [name, deleted] : trash_) {
    if (is_referred_to(deleted.id))
      deleted.idle_since.reset();
    else if (!deleted.idle_since)
      deleted.idle_since = now;
    else if (now - *deleted.idle_since >= time_in_trash)
      leaving.emplace_back(name, deleted.id);
  }
  drop_stale_nat_endpoints();
  if (leaving.empty()) return;
  // A worker that has answered since the counts were seen to be zero has no write to these lines under way, and no
  // version in hand that would let it begin another: from here on they are control's.
  crew_.post({});
  crew_.settle();
  for (const auto& [name, id] : leaving) forget(name, id);
}

// Those of deleted servers among them, long before they are forgotten.
void Servers::drop_stale_nat_endpoints() {
  for (std::uint32_t id = 0; id < known_.size(); ++id) {
    Known& server = known_[id];
    if (!server.is_nat_endpoint || server.is_nat || !is_idle({id})) continue;
    service::for_nat_endpoints_of(server.name.service, server.name.address, server.name.port,
                                  [&](const service::Endpoint& endpoint) { table_.remove_nat_server(endpoint); });
    server.is_nat_endpoint = false;
    count_local(server);
  }
}

void Servers::forget(const ServerName& name, service::ServerId id) {
  forgotten_ += counted(id);
  for (unsigned worker = 0; worker < crew_.size(); ++worker) clear(crew_.lines(worker)[id.value]);
  crew_.limits()[id.value].set(0, 0);  // and no longer overloaded: the id may come to mean another server
  trash_.erase(name);
  unused_.push_back(id);
}

Statistics Servers::counted(service::ServerId id) const {
  Statistics sum;
  for (unsigned worker = 0; worker < crew_.size(); ++worker) {
    const service::ServerLine& line = std::as_const(crew_).lines(worker)[id.value];
    sum += {.connections = line.connections.get(),
            .in_packets = line.in_packets.get(),
            .in_bytes = line.in_bytes.get(),
            .out_packets = line.out_packets.get(),
            .out_bytes = line.out_bytes.get()};
  }
  return sum;
}

void Servers::tick_rates() {
  for (std::uint32_t id = 0; id < known_.size(); ++id)
    if (known_[id].wanted) known_[id].meter.estimator().tick(counted({id}));
}

Connections Servers::connections(service::ServerId id) const {
  Connections sum;
  for (unsigned worker = 0; worker < crew_.size(); ++worker) {
    const service::ServerLine& line = std::as_const(crew_).lines(worker)[id.value];
    sum.active += line.active.get();
    sum.inactive += line.inactive.get();
    sum.persistent += line.persistent.get();
  }
  return sum;
}

Statistics Servers::total() const {
  Statistics sum = forgotten_;
  for (std::uint32_t id = 0; id < known_.size(); ++id) sum += counted({id});
  return sum;
}

}  // namespace fairway::control
