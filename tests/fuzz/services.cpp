// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "services.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "require.hpp"
#include "service/server_endpoints.hpp"

namespace fairway::fuzz {
namespace {

using service::Forwarding;

constexpr unsigned own_number = 11;
constexpr auto tcp = net::Protocol::tcp, udp = net::Protocol::udp;

service::ServerSpec server(unsigned number, std::uint16_t port, Forwarding forwarding) {
  return {.address = server_address(number), .port = net::ServicePort(port), .forwarding = forwarding};
}

service::ServiceKey key(std::uint32_t number, std::uint16_t port, net::Protocol protocol) {
  return {.protocol = protocol, .address = net::Ipv4Address(0xc0000200u + number), .port = net::ServicePort(port)};
}

}  // namespace

net::Address server_address(unsigned number) {
  constexpr std::uint32_t site = 0x0a000000, own = 0x0a0000fe, loopback = 0x7f000001;
  return net::Ipv4Address(number < own_number ? site + number : number == own_number ? own : loopback);
}

Services::Services(unsigned extras, const route::Snapshot& routes) : routes_(&routes) {
  statuses_[service::no_server].set({.available = true, .next_hop = route::by_routes.value});
  define_usual();
  if ((extras & Extras::many_ports) != 0) define_many_ports();
  if ((extras & Extras::this_host) != 0) define_this_host();
  keep_first();
}

void Services::define_usual() {
  define({.name = {},
          .key = key(1, 80, tcp),
          .scheduler = "rr",
          .servers = {server(1, 8080, Forwarding::nat), server(4, 8080, Forwarding::nat)}});
  define({.name = {}, .key = key(1, 53, udp), .scheduler = "rr", .servers = {server(1, 5353, Forwarding::nat)}});
  define({.name = {}, .key = key(2, 80, tcp), .scheduler = "rr", .servers = {server(2, 80, Forwarding::dr)}});
  define({.name = {}, .key = key(3, 80, tcp), .scheduler = "rr", .servers = {server(3, 80, Forwarding::tun)}});
  define({.name = {},
          .key = key(4, 443, tcp),
          .scheduler = "rr",
          .persistence = 60,
          .servers = {server(5, 443, Forwarding::nat), server(6, 443, Forwarding::dr)}});
}

void Services::define_many_ports() {
  define({.name = {},
          .key = key(2, 0, tcp),
          .scheduler = "rr",
          .persistence = 60,
          .servers = {server(2, 0, Forwarding::dr), server(4, 0, Forwarding::nat)}});
  define({.name = {},
          .key = key(2, 53, udp),
          .scheduler = "rr",
          .one_packet = true,
          .servers = {server(2, 53, Forwarding::dr), server(3, 53, Forwarding::tun)}});
  define({.name = {},
          .key = service::mark_key(7),
          .scheduler = "rr",
          .one_packet = true,
          .servers = {server(6, 0, Forwarding::nat)}});
  table_.put(service::MarkRules({{.mark = 7, .destination_ports = {.low = 20, .high = 22}}}));
}

void Services::define_this_host() {
  define({.name = {},
          .key = key(5, 80, tcp),
          .scheduler = "rr",
          .servers = {server(own_number, 8080, Forwarding::nat), server(own_number + 1, 8080, Forwarding::nat)}});
  define({.name = {}, .key = key(5, 53, udp), .scheduler = "rr", .servers = {server(own_number, 53, Forwarding::nat)}});
  define(
      {.name = {}, .key = key(1, 443, tcp), .scheduler = "rr", .servers = {server(own_number, 443, Forwarding::dr)}});
  define(
      {.name = {}, .key = key(3, 443, tcp), .scheduler = "rr", .servers = {server(own_number, 443, Forwarding::tun)}});
  define({.name = {},
          .key = key(3, 21, tcp),
          .scheduler = "rr",
          .persistence = 60,
          .persistence_prefix = 24,
          .servers = {server(6, 21, Forwarding::nat)}});
  service::ServerSpec limited = server(7, 5353, Forwarding::nat);
  limited.upper_threshold = 2;
  limited.lower_threshold = 1;
  define({.name = {}, .key = key(4, 53, udp), .scheduler = "rr", .servers = {limited, server(9, 53, Forwarding::dr)}});
}

void Services::define(const service::ServiceSpec& spec) {
  Kind& kind = kinds_.emplace_back(spec.key);
  kind.first = kind.current = make(kinds_.size() - 1, spec);
}

/// What inputs begin with.
void Services::keep_first() {
  for (const Kind& kind : kinds_) table_.put(*kind.first);
  for (std::uint32_t id = 1; id < known_.size(); ++id) known_[id].first_status = statuses_[id].get();
  first_known_ = known_;
  serves_itself_ = (table_.specials() & service::Table::local_server) != 0;
}

Services::Version Services::make(std::size_t number, const service::ServiceSpec& spec) {
  auto version = std::make_shared<service::Service>();
  version->id = {static_cast<std::uint32_t>(number + 1)};
  version->key = spec.key;
  version->scheduler = sched::find(spec.scheduler);
  version->persistence = spec.persistence;
  version->persistence_prefix = spec.persistence_prefix;
  version->one_packet = spec.one_packet;
  version->life = std::make_shared<service::ServiceLife>();
  version->life->states.resize(1);
  for (const service::ServerSpec& server : spec.servers)
    version->servers.insert(version->servers.begin(), admit(number, server));
  finish(*version);
  return version;
}

/// Made when it is first wanted: some schedulers' tables are large.
const Services::Version& Services::first_with(std::size_t scheduler) {
  Version& made = first_by_scheduler_[scheduler];
  if (made) return made;
  auto version = std::make_shared<service::Service>(*kinds_.front().first);
  version->scheduler = sched::all()[scheduler];
  version->life = std::make_shared<service::ServiceLife>();
  version->life->states.resize(1);
  finish(*version);
  return made = std::move(version);
}

/// The scheduler has chosen nobody yet.
void Services::start(const service::Service& version) {
  version.life->states[0] = version.scheduler->state();
  version.scheduler->added(*version.life->states[0], version);
}

void Services::finish(service::Service& version) { version.table = version.scheduler->table(version); }

void Services::begin(std::size_t scheduler) {
  Kind& first = kinds_.front();
  const Version& wanted = scheduler < first_by_scheduler_.size() ? first_with(scheduler) : first.first;
  if (first.current != wanted) {
    table_.put(*(first.current = wanted));
    first.was_used = true;
  }
  for (Kind& kind : kinds_)
    if (std::exchange(kind.was_used, false)) start(*kind.current);
}

void Services::end() {
  for (std::uint32_t id = 1; id < known_.size(); ++id) {
    if (lines_[id].connections.get() != 0) kinds_[known_[id].service].was_used = true;
    std::construct_at(&lines_[id]);
    limits_[id].clear_overload();
  }
  std::construct_at(&lines_[service::no_server]);
  if (is_edited_) put_back();
  is_edited_ = false;
  old_.clear();
  retired_.garbage.clear();
}

void Services::put_back() {
  for (Kind& kind : kinds_) {
    kind.was_used = true;
    if (kind.current != kind.first) table_.put(*(kind.current = kind.first));
  }
  for (std::size_t id = 1; id < known_.size(); ++id) {
    const Known first = id < first_known_.size() ? first_known_[id] : Known();
    if (known_[id].is_nat_endpoint && !first.is_nat_endpoint) change_nat_server(known_[id], false);
    set_nat(known_[id], first.is_nat);
  }
  known_ = first_known_;
  for (std::uint32_t id = 1; id < known_.size(); ++id) {
    statuses_[id].set(known_[id].first_status);
    limit(id);
  }
  table_.put(service::Settings());
  table_.set_local_server(serves_itself_);
}

void Services::add(std::size_t number, std::size_t scheduler, std::uint32_t persistence) {
  auto version = std::make_shared<service::Service>(*kinds_[number].first);
  version->scheduler = sched::all()[scheduler];
  version->persistence = persistence;
  version->servers.clear();
  version->life = std::make_shared<service::ServiceLife>();
  version->life->states.resize(1);
  start(*version);
  finish(*version);
  publish(number, version);
}

void Services::remove(std::size_t number) {
  Kind& kind = kinds_[number];
  is_edited_ = true;
  table_.remove(kind.key);
  for (const service::Server& server : kind.current->servers) dismiss(server.id);
  old_.push_back(std::move(kind.current));
  kind.current = nullptr;
}

std::shared_ptr<service::Service> Services::copy(std::size_t number) const {
  return std::make_shared<service::Service>(*kinds_[number].current);
}

void Services::publish(std::size_t number, const std::shared_ptr<service::Service>& version) {
  is_edited_ = true;
  Kind& kind = kinds_[number];
  if (kind.current) {
    finish(*version);
    version->scheduler->changed(*version->life->states[0], *kind.current, *version);
    old_.push_back(std::move(kind.current));
  }
  kind.current = version;
  table_.put(*version);
}

void Services::add_server(std::size_t number, const service::ServerSpec& spec) {
  const auto version = copy(number);
  version->servers.insert(version->servers.begin(), admit(number, spec));
  publish(number, version);
}

void Services::set_weight(std::size_t number, const net::Address& server, std::uint32_t weight) {
  const auto version = copy(number);
  for (service::Server& one : version->servers) {
    if (one.address != server) continue;
    one.weight = weight;
    if (weight > 0) one.last_weight = weight;
    limits_[one.id.value].set_quiescent(weight == 0);
  }
  publish(number, version);
}

void Services::remove_server(std::size_t number, const net::Address& server) {
  const auto version = copy(number);
  for (const service::Server& one : version->servers)
    if (one.address == server) dismiss(one.id);
  std::erase_if(version->servers, [&](const service::Server& one) { return one.address == server; });
  publish(number, version);
}

void Services::withdraw(std::size_t number, const net::Address& server) {
  is_edited_ = true;
  for (const service::Server& one : current(number).servers)
    if (one.address == server) dismiss(one.id);
}

service::Server Services::admit(std::size_t number, const service::ServerSpec& spec) {
  auto place = std::ranges::find_if(known_, [&](const Known& known) {
    return &known != known_.data() && known.service == number && known.address == spec.address &&
           known.port == spec.port;
  });
  if (place == known_.end())
    place = known_.insert(known_.end(), {.service = number, .address = spec.address, .port = spec.port});
  place->available = true;
  place->weight = spec.weight;
  place->upper_threshold = spec.upper_threshold;
  place->lower_threshold = spec.lower_threshold;
  set_nat(*place, spec.forwarding == Forwarding::nat);
  if (place->is_nat && !place->is_nat_endpoint) {
    place->is_nat_endpoint = true;
    change_nat_server(*place, true);
  }
  const auto id = static_cast<std::uint32_t>(place - known_.begin());
  require(id < service::no_server, "there are ids enough");
  tell(id);
  limit(id);
  limits_[id].clear_overload();
  return {.id = {id},
          .address = spec.address,
          .port = spec.port,
          .weight = spec.weight,
          .last_weight = spec.weight,
          .forwarding = spec.forwarding,
          .upper_threshold = spec.upper_threshold,
          .lower_threshold = spec.lower_threshold};
}

/// A NAT server's endpoint stays one for the table: its connections may still be there.
void Services::dismiss(service::ServerId id) {
  known_[id.value].available = false;
  set_nat(known_[id.value], false);
  tell(id.value);
}

void Services::tell(std::uint32_t id) {
  const Known& known = known_[id];
  statuses_[id].set({.available = known.available, .next_hop = routes_->find_server(known.address, 0).value});
}

void Services::limit(std::uint32_t id) {
  const Known& known = known_[id];
  limits_[id].set(known.upper_threshold, known.lower_threshold);
  limits_[id].set_quiescent(known.weight == 0);
}

// These two as control::Servers does it.
void Services::change_nat_server(const Known& known, bool is_added) {
  service::for_nat_endpoints_of(kinds_[known.service].key, known.address, known.port,
                                [&](const service::Endpoint& endpoint) {
                                  is_added ? table_.add_nat_server(endpoint) : table_.remove_nat_server(endpoint);
                                });
  if (is_added && routes_->find_server(known.address, 0) == route::this_host) table_.set_local_server(true);
}

void Services::set_nat(Known& known, bool is_nat) {
  if (is_nat == std::exchange(known.is_nat, is_nat)) return;
  service::for_endpoints_at(kinds_[known.service].key, known.address, known.port,
                            [&](const service::Endpoint& endpoint) {
                              is_nat ? table_.nat_server_came(endpoint) : table_.nat_server_left(endpoint);
                            });
}

void Services::put(const service::Settings& settings) {
  table_.put(settings);
  is_edited_ = true;
}

void Services::resolve(const route::Snapshot& routes) {
  routes_ = &routes;
  is_edited_ = true;
  for (std::uint32_t id = 1; id < known_.size(); ++id) tell(id);
}

}  // namespace fairway::fuzz
