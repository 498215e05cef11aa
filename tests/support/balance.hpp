// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "sched/registry.hpp"

namespace fairway::tests {

/// One service whose servers are known by numbers, and whose connections are only counted: what schedulers see. Server N
/// is 10.1.0.0 plus N, port 80.
/// Every edit is a new version that all workers' states are told of, in order.
class Balance {
 public:
  static constexpr unsigned none = 0;

  explicit Balance(std::string_view scheduler, unsigned workers = 1) {
    service_.scheduler = sched::find(scheduler);
    for (unsigned worker = 0; worker < workers; ++worker) {
      lines_.push_back(service::make_server_lines());
      line_pointers_.push_back(lines_.back().get());
      watches_.emplace_back(lines_.back().get());
    }
    begin(&sched::Scheduler::added);
  }

  /// At the head of the list, where the kernel adds.
  void add(unsigned server, std::uint32_t weight = 1) {
    change([&](auto& servers) { servers.insert(servers.begin(), make_server(server, weight)); });
  }
  void edit(unsigned server, std::uint32_t weight) {
    change([&](auto& servers) {
      const auto place = place_of(servers, server);
      place->weight = weight;
      if (weight > 0) place->last_weight = weight;
    });
  }
  void remove(unsigned server) {
    change([&](auto& servers) { servers.erase(place_of(servers, server)); });
  }
  /// All servers at once, the first one to be added first, as a service of a configuration file comes into being.
  void create_with(const std::vector<std::pair<unsigned, std::uint32_t>>& servers) {
    for (const auto& [server, weight] : servers)
      service_.servers.insert(service_.servers.begin(), make_server(server, weight));
    begin(&sched::Scheduler::added);
  }
  /// The service is edited to have another scheduler.
  void use(std::string_view scheduler) {
    service_.scheduler = sched::find(scheduler);
    begin(&sched::Scheduler::chosen);
  }

  void set_flag(service::SchedulerFlag flag) { service_.scheduler_flags.add(flag); }

  /// The number of the chosen server, or none.
  unsigned pick(unsigned worker = 0) {
    const service::Loads loads(line_pointers_, limits_.get());
    const service::Server* server = service_.scheduler->pick({.service = service_,
                                                              .worker = worker,
                                                              .loads = loads,
                                                              .packet = packet_,
                                                              .now = now,
                                                              .random = random_.next(),
                                                              .settings = settings,
                                                              .watch = is_watched ? &watches_[worker] : nullptr});
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

  /// To be changed before the next choice.
  service::ServerLine& line(unsigned server, unsigned worker = 0) {
    watches_[worker].note({server});
    return lines_[worker][server];
  }
  service::ServerLimits& limits(unsigned server) { return limits_[server]; }
  /// Connections of a server over all workers.
  std::uint32_t total(unsigned server) const {
    const service::Loads loads(line_pointers_);
    return loads.active({server}) + loads.inactive({server});
  }
  service::SchedulerState& state(unsigned worker) { return *service_.life->states[worker]; }
  service::Settings settings;
  bool is_watched = true;  // else every choice looks at all servers

  const std::vector<service::Server>& servers() const { return service_.servers; }

  base::Stamp now{0xffff0000u};  // the clock wraps in a minute

  /// From whom, and to which address, connections are opened from now on.
  void come_from(std::uint32_t client, std::uint16_t port) {
    packet_.tuple.source = net::Ipv4Address(client);
    packet_.tuple.source_port = net::ServicePort(port);
  }
  void go_to(std::uint32_t destination) { packet_.tuple.destination = net::Ipv4Address(destination); }

 private:
  using Servers = std::vector<service::Server>;

  static service::Server make_server(unsigned number, std::uint32_t weight) {
    service::Server server;
    server.id = {number};
    server.address = net::Ipv4Address(0x0a010000u + number);
    server.port = net::ServicePort(80);
    server.weight = server.last_weight = weight;
    return server;
  }
  static Servers::iterator place_of(Servers& servers, unsigned server) {
    return std::find_if(servers.begin(), servers.end(), [&](const auto& it) { return it.id.value == server; });
  }
  void begin(void (sched::Scheduler::*how)(service::SchedulerState&, const service::Service&) const noexcept) {
    for (std::size_t worker = 0; service_.life && worker < lines_.size(); ++worker)
      watches_[worker].give_back(service_.life->states[worker]->watch_slot);
    service_.life = std::make_shared<service::ServiceLife>();
    for (std::size_t worker = 0; worker < lines_.size(); ++worker) {
      service_.life->states.push_back(service_.scheduler->state());
      (service_.scheduler->*how)(*service_.life->states.back(), service_);
    }
    service_.index_servers();
    service_.table = service_.scheduler->table(service_);
  }
  template <class F>
  void change(F&& f) {
    const service::Service before = service_;
    f(service_.servers);
    service_.index_servers();
    service_.table = service_.scheduler->table(service_);
    for (const auto& state : service_.life->states) service_.scheduler->changed(*state, before, service_);
  }

  service::Service service_;
  net::PacketView packet_;
  base::Random random_{20};
  std::vector<service::ServerLines> lines_;
  std::vector<const service::ServerLine*> line_pointers_;
  std::vector<service::Watch> watches_;
  service::AllServerLimits limits_ = service::make_server_limits();
};

}  // namespace fairway::tests
