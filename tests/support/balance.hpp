// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "sched/registry.hpp"

namespace fairway::tests {

/// One service whose servers are known by small numbers, and whose connections are only counted: what schedulers see.
/// Every edit is a new version that all workers' states are told of, in order.
class Balance {
 public:
  static constexpr unsigned none = 0, most_servers = 256;

  explicit Balance(std::string_view scheduler, unsigned workers = 1) {
    service_.scheduler = sched::find(scheduler);
    service_.life = make_life(workers);
    for (unsigned worker = 0; worker < workers; ++worker) {
      lines_.push_back(std::make_unique<service::ServerLine[]>(most_servers));
      line_pointers_.push_back(lines_.back().get());
    }
    tell_all([&](auto& state) { service_.scheduler->added(state, service_); });
  }

  /// At the head of the list, where the kernel adds.
  void add(unsigned server, std::uint32_t weight = 1) {
    change([&](auto& servers) { servers.insert(servers.begin(), make_server(server, weight)); });
  }
  void edit(unsigned server, std::uint32_t weight) {
    change([&](auto& servers) { place_of(servers, server)->weight = weight; });
  }
  void remove(unsigned server) {
    change([&](auto& servers) { servers.erase(place_of(servers, server)); });
  }
  /// All servers at once, the first one to be added first, as a service of a configuration file comes into being.
  void create_with(const std::vector<std::pair<unsigned, std::uint32_t>>& servers) {
    for (const auto& [server, weight] : servers)
      service_.servers.insert(service_.servers.begin(), make_server(server, weight));
    tell_all([&](auto& state) { service_.scheduler->added(state, service_); });
  }
  /// The service is edited to have another scheduler.
  void use(std::string_view scheduler) {
    service_.scheduler = sched::find(scheduler);
    service_.life = make_life(static_cast<unsigned>(lines_.size()));
    tell_all([&](auto& state) { service_.scheduler->chosen(state, service_); });
  }

  /// The number of the chosen server, or none.
  unsigned pick(unsigned worker = 0) const {
    static const net::PacketView packet;
    const service::Loads loads(line_pointers_);
    const service::Server* server =
        service_.scheduler->pick({.service = service_, .worker = worker, .loads = loads, .packet = packet});
    return server ? server->id.value : none;
  }
  /// Picks, and counts the connection as active.
  unsigned open(unsigned worker = 0) {
    const unsigned server = pick(worker);
    if (server != none) line(server, worker).active.add(1);
    return server;
  }
  std::vector<unsigned> open_many(std::size_t count) {
    std::vector<unsigned> chosen;
    for (std::size_t i = 0; i < count; ++i) chosen.push_back(open());
    return chosen;
  }

  service::ServerLine& line(unsigned server, unsigned worker = 0) { return lines_[worker][server]; }
  service::SchedulerState& state(unsigned worker) { return *service_.life->states[worker]; }
  const std::vector<service::Server>& servers() const { return service_.servers; }

 private:
  using Servers = std::vector<service::Server>;

  static service::Server make_server(unsigned number, std::uint32_t weight) {
    service::Server server;
    server.id = {number};
    server.weight = weight;
    return server;
  }
  static Servers::iterator place_of(Servers& servers, unsigned server) {
    return std::find_if(servers.begin(), servers.end(), [&](const auto& it) { return it.id.value == server; });
  }
  std::shared_ptr<service::ServiceLife> make_life(unsigned workers) const {
    auto life = std::make_shared<service::ServiceLife>();
    for (unsigned worker = 0; worker < workers; ++worker) life->states.push_back(service_.scheduler->state());
    return life;
  }
  template <class F>
  void tell_all(F&& tell) {
    for (const auto& state : service_.life->states) tell(*state);
  }
  template <class F>
  void change(F&& f) {
    const service::Service before = service_;
    f(service_.servers);
    tell_all([&](auto& state) { service_.scheduler->changed(state, before, service_); });
  }

  service::Service service_;
  std::vector<std::unique_ptr<service::ServerLine[]>> lines_;
  std::vector<const service::ServerLine*> line_pointers_;
};

}  // namespace fairway::tests
