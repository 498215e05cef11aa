// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "route/snapshot.hpp"
#include "sched/registry.hpp"
#include "service/lines.hpp"
#include "service/server_endpoints.hpp"
#include "service/table.hpp"
#include "support/packets.hpp"
#include "support/retired.hpp"

namespace fairway::tests {

inline service::ServiceKey key_of(std::string_view virtual_address, std::uint16_t virtual_port = 80,
                                  net::Protocol protocol = net::Protocol::tcp) {
  return {.protocol = protocol, .address = address(virtual_address), .port = port(virtual_port)};
}

inline service::ServerSpec server_spec(std::string_view text, std::uint16_t number,
                                       service::Forwarding forwarding = service::Forwarding::nat,
                                       std::uint32_t weight = 1) {
  return {.address = address(text), .port = port(number), .weight = weight, .forwarding = forwarding};
}

/// The services of a test and all that workers read of them, without control: edits are told to every worker's
/// scheduler state at once, and old versions are kept until the end.
class Services {
 public:
  explicit Services(unsigned workers = 1) : workers_(workers) {
    for (unsigned worker = 0; worker < workers; ++worker) {
      lines_.push_back(service::make_server_lines());
      line_pointers_.push_back(lines_.back().get());
      watches_.emplace_back(lines_.back().get());
    }
    statuses_[service::no_server].set({.available = true, .next_hop = route::by_routes.value});
  }

  void add(const service::ServiceKey& key, std::string_view scheduler,
           const std::vector<service::ServerSpec>& servers = {}) {
    add({.name = {}, .key = key, .scheduler = std::string(scheduler), .servers = servers});
  }
  void add(const service::ServiceSpec& spec) {
    auto version = std::make_shared<service::Service>();
    version->id = {static_cast<std::uint32_t>(versions_.size() + 1)};
    version->name = spec.name.empty() ? service::to_string(spec.key) : spec.name;
    version->key = spec.key;
    version->scheduler = sched::find(spec.scheduler);
    version->scheduler_flags = spec.scheduler_flags;
    version->forwarding = spec.forwarding;
    version->persistence = spec.persistence;
    version->persistence_prefix = spec.persistence_prefix;
    version->one_packet = spec.one_packet;
    version->life = make_life(*version->scheduler);
    for (const service::ServerSpec& server : spec.servers)
      version->servers.insert(version->servers.begin(), admit(spec.key, server));
    publish(version, nullptr);
  }
  void remove(const service::ServiceKey& key) {
    const auto old = current(key);
    table_.remove(key);
    for (const service::Server& server : old->servers) dismiss(key, server);
    current_.erase(service::to_string(key));
  }
  void mark(std::vector<service::MarkRule> rules) { table_.put(service::MarkRules(std::move(rules))); }
  void add_server(const service::ServiceKey& key, const service::ServerSpec& spec) {
    change(key, [&](auto& servers) { servers.insert(servers.begin(), admit(key, spec)); });
  }
  void set_weight(const service::ServiceKey& key, std::string_view server, std::uint32_t weight) {
    change(key, [&](auto& servers) {
      const auto place = place_of(servers, server);
      place->weight = weight;
      limits_[place->id.value].set_quiescent(weight == 0);
    });
  }
  void remove_server(const service::ServiceKey& key, std::string_view server) {
    change(key, [&](auto& servers) {
      const auto place = place_of(servers, server);
      dismiss(key, *place);
      servers.erase(place);
    });
  }
  /// Every server's next hop, as these routes have it.
  void resolve(const route::Snapshot& routes) {
    for (const auto& [name, known] : known_) publish_status(known, routes);
    routes_ = &routes;
  }

  /// The id of a server, deleted ones too.
  service::ServerId id_of(const service::ServiceKey& key, std::string_view server, std::uint16_t number) const {
    return known_.at(name_of(key, address(server), port(number))).id;
  }
  std::shared_ptr<const service::Service> current(const service::ServiceKey& key) const {
    return current_.at(service::to_string(key));
  }
  bool has(const service::ServiceKey& key) const { return current_.contains(service::to_string(key)); }
  /// Ids below this one may have been given.
  std::uint32_t id_end() const { return static_cast<std::uint32_t>(known_.size() + 1); }
  service::Table& table() { return table_; }
  const service::ServerStatus* statuses() const { return statuses_.get(); }
  service::ServerLine* lines(unsigned worker) { return lines_[worker].get(); }
  service::Watch& watch(unsigned worker) { return watches_[worker]; }
  service::ServerLimits* limits() { return limits_.get(); }  // by server id
  service::Loads loads() const { return service::Loads(line_pointers_, limits_.get()); }
  unsigned workers() const { return workers_; }

 private:
  struct Known {
    service::ServerId id;
    net::Address address;
    bool available = true;
  };
  using Version = std::shared_ptr<const service::Service>;

  static std::string name_of(const service::ServiceKey& key, const net::Address& server, net::ServicePort number) {
    return service::to_string(key) + " " + net::to_string(server, number);
  }
  static std::vector<service::Server>::iterator place_of(std::vector<service::Server>& servers, std::string_view text) {
    const auto place =
        std::find_if(servers.begin(), servers.end(), [&](const auto& it) { return it.address == address(text); });
    if (place == servers.end()) throw std::runtime_error("no server " + std::string(text));
    return place;
  }
  std::shared_ptr<service::ServiceLife> make_life(const sched::Scheduler& scheduler) const {
    auto life = std::make_shared<service::ServiceLife>();
    for (unsigned worker = 0; worker < workers_; ++worker) life->states.push_back(scheduler.state());
    return life;
  }

  service::Server admit(const service::ServiceKey& key, const service::ServerSpec& spec) {
    const auto next = static_cast<std::uint32_t>(known_.size() + 1);
    const auto [place, is_new] = known_.try_emplace(name_of(key, spec.address, spec.port));
    if (is_new) place->second = {.id = {next}, .address = spec.address};
    place->second.available = true;
    if (routes_) publish_status(place->second, *routes_);
    limits_[place->second.id.value].set(spec.upper_threshold, spec.lower_threshold);
    limits_[place->second.id.value].set_quiescent(spec.weight == 0);
    if (spec.forwarding == service::Forwarding::nat) add_nat_endpoints(key, spec);
    return {.id = place->second.id,
            .address = spec.address,
            .port = spec.port,
            .weight = spec.weight,
            .last_weight = spec.weight,
            .forwarding = spec.forwarding,
            .upper_threshold = spec.upper_threshold,
            .lower_threshold = spec.lower_threshold};
  }
  // A NAT server stays one for the table: its connections may still be there.
  void dismiss(const service::ServiceKey& key, const service::Server& server) {
    if (server.forwarding == service::Forwarding::nat)
      service::for_endpoints_at(key, server.address, server.port,
                                [&](const service::Endpoint& endpoint) { table_.nat_server_left(endpoint); });
    for (auto& [name, known] : known_)
      if (known.id == server.id) {
        known.available = false;
        if (routes_) publish_status(known, *routes_);
      }
  }
  // As control::Servers does it.
  void add_nat_endpoints(const service::ServiceKey& key, const service::ServerSpec& spec) {
    service::for_nat_endpoints_of(key, spec.address, spec.port,
                                  [&](const service::Endpoint& endpoint) { table_.add_nat_server(endpoint); });
    service::for_endpoints_at(key, spec.address, spec.port,
                              [&](const service::Endpoint& endpoint) { table_.nat_server_came(endpoint); });
    if (routes_ && routes_->find_server(spec.address, 0) == route::this_host) table_.set_local_server(true);
  }
  void publish_status(const Known& known, const route::Snapshot& routes) {
    statuses_[known.id.value].set(
        {.available = known.available, .next_hop = routes.find_server(known.address, 0).value});
  }
  template <class F>
  void change(const service::ServiceKey& key, F&& edit) {
    const Version before = current(key);
    auto after = std::make_shared<service::Service>(*before);
    edit(after->servers);
    publish(after, before.get());
  }
  void publish(const std::shared_ptr<service::Service>& version, const service::Service* before) {
    version->index_servers();
    version->table = version->scheduler->table(*version);
    for (const auto& state : version->life->states) {
      if (before)
        version->scheduler->changed(*state, *before, *version);
      else
        version->scheduler->added(*state, *version);
    }
    table_.put(*version);
    versions_.push_back(version);
    current_[service::to_string(version->key)] = version;
  }

  unsigned workers_;
  Retired retired_;
  service::Table table_{Retired::keep, &retired_};
  service::ServerStatuses statuses_ = service::make_server_statuses();
  std::vector<service::ServerLines> lines_;
  std::vector<const service::ServerLine*> line_pointers_;
  std::vector<service::Watch> watches_;
  service::AllServerLimits limits_ = service::make_server_limits();
  std::map<std::string, Known> known_;
  std::map<std::string, Version> current_;
  std::vector<Version> versions_;
  const route::Snapshot* routes_ = nullptr;
};

}  // namespace fairway::tests
