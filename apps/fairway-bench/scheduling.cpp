// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/scheduling.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <random>

#include "fairway-bench/line.hpp"
#include "sched/registry.hpp"

namespace fairway::bench {
namespace {

constexpr std::uint32_t open_connections = 8'192, round_size = Deck::size;
constexpr std::uint32_t destinations = 1'024;  // what lblc and lblcr tell apart

Plan plan_of(const sched::Scheduler& scheduler, std::uint32_t servers) {
  return {.forwarding = service::Forwarding::dr,
          .flows = round_size,
          .servers = servers,
          .scheduler = std::string(scheduler.name()),
          .weight = std::max(round_size / servers, 1u)};
}

double nanoseconds(std::uint64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(dpdk::tsc_hz()) * 1e9 / round_size;
}

/// Choices alone, counted as the connection table counts.
class Choices {
 public:
  Choices(Bed& bed, const Plan& plan)
      : context_(bed.context()),
        service_(*context_.services.find(
            service::endpoint_of(net::Protocol::tcp, net::Address(virtual_address(0)), service_port))) {
    for (std::uint32_t i = 0; i < round_size; ++i) {
      clients_.push_back(client_tuple(plan, i).source);
      ends_.push_back(static_cast<std::uint32_t>(random_() % open_connections));
    }
  }

  base::Result<void> fill() {
    for (std::uint32_t i = 0; i < open_connections; ++i) {
      const service::Server* server = choose(i);
      if (!server) return base::Error{"a connection found no server"};
      begin(server->id);
      open_.push_back(server->id);
    }
    return {};
  }
  base::Result<double> time() {
    bool is_complete = true;
    const std::uint64_t start = dpdk::tsc();
    for (std::uint32_t i = 0; i < round_size; ++i) {
      const service::Server* server = choose(i);
      if (!server) {
        is_complete = false;
        break;
      }
      begin(server->id);
      end(std::exchange(open_[ends_[i]], server->id));
    }
    const double result = nanoseconds(dpdk::tsc() - start);
    if (!is_complete) return base::Error{"a connection found no server"};
    return result;
  }
  /// Leaves the counts as they were at first.
  void finish() {
    for (const service::ServerId id : open_) end(id);
    open_.clear();
  }

 private:
  const service::Server* choose(std::uint32_t i) noexcept {
    packet_.tuple.source = clients_[i];
    packet_.tuple.destination = net::Ipv4Address(ends_[i] % destinations);
    return service_.scheduler->pick({.service = service_,
                                     .worker = 0,
                                     .loads = context_.loads,
                                     .packet = packet_,
                                     .now = context_.now,
                                     .random = context_.random.next(),
                                     .settings = context_.services.settings(),
                                     .watch = context_.watch});
  }
  void begin(service::ServerId id) noexcept {
    service::bind_connection(id, context_.lines, nullptr, context_.loads);
    context_.watch->note(id);
    context_.lines[id.value].inactive.subtract(1);
    context_.lines[id.value].active.add(1);
    context_.watch->note(id);
  }
  void end(service::ServerId id) noexcept {
    service::unbind_connection(id, context_.lines, context_.lines[id.value].active, nullptr, context_.loads);
    context_.watch->note(id);
  }

  forward::Context& context_;
  const service::Service& service_;
  net::PacketView packet_;
  std::mt19937 random_{1};
  std::vector<net::Ipv4Address> clients_;
  std::vector<std::uint32_t> ends_;  // which open connection ends as another begins
  std::vector<service::ServerId> open_;
};

/// SYNs through the pipeline; what they opened is ended between the rounds.
class Connections {
 public:
  Connections(Bed& bed, Deck& deck, const Plan& plan) : bed_(bed), deck_(deck), plan_(plan), line_(bed) {}

  base::Result<double> time() {
    for (std::uint32_t i = 0; i < round_size; ++i)
      deck_.write(i, client_tuple(plan_, i), net::TcpHeader::syn, bed_.port_in(false));
    const std::uint64_t before = line_.count(forward::Verdict::transmit);
    const std::uint64_t start = dpdk::tsc();
    line_.run(deck_.packets(), round_size);
    const double result = nanoseconds(dpdk::tsc() - start);
    if (line_.count(forward::Verdict::transmit) - before != round_size) return base::Error{"a SYN was not transmitted"};
    end_all();
    return result;
  }

 private:
  void end_all() {
    auto& connections = bed_.connections();
    for (std::uint32_t i = 0; i < round_size; ++i) {
      const net::Tuple4 tuple = client_tuple(plan_, i);
      if (const auto found = connections.find(tuple, connections.hash(tuple))) connections.expire(found->slot());
    }
    connections.end_burst(bed_.context().now, 0);
  }

  Bed& bed_;
  Deck& deck_;
  const Plan& plan_;
  Line line_;
};

/// The first round, which builds up what the choice needs, is not timed.
template <class Timed>
base::Result<double> best_of(Timed& timed, std::uint32_t rounds) {
  double best = std::numeric_limits<double>::infinity();
  for (std::uint32_t round = 0; round <= rounds; ++round) {
    const auto time = timed.time();
    if (!time) return time;
    if (round > 0) best = std::min(best, *time);
  }
  return best;
}

base::Result<SchedulingCost> cost_of(const sched::Scheduler& scheduler, std::uint32_t servers, Deck& deck,
                                     std::uint32_t rounds) {
  const Plan plan = plan_of(scheduler, servers);
  auto bed = Bed::create(plan);
  if (!bed) return bed.error();
  Choices choices(**bed, plan);
  if (auto filled = choices.fill(); !filled) return filled.error();
  const auto choice = best_of(choices, rounds);
  if (!choice) return choice.error();
  choices.finish();
  Connections connections(**bed, deck, plan);
  const auto connection = best_of(connections, rounds);
  if (!connection) return connection.error();
  return SchedulingCost{.choice = *choice, .connection = *connection};
}

}  // namespace

std::size_t memory_for_scheduling() { return Bed::table_bytes(plan_of(*sched::all().front(), 2)); }

base::Result<std::vector<SchedulerFigures>> measure_scheduling(const Options& options) {
  auto deck = Deck::create();
  if (!deck) return deck.error();
  std::vector<SchedulerFigures> all;
  for (const sched::Scheduler* scheduler : sched::all()) {
    SchedulerFigures figures{.scheduler = scheduler->name(), .costs = {}};
    fmt::print(stderr, "\r{:<8}", figures.scheduler);
    for (std::size_t i = 0; i < scheduling_sizes.size(); ++i) {
      const auto cost = cost_of(*scheduler, scheduling_sizes[i], *deck, options.rounds);
      if (!cost) return base::Error{fmt::format("{}: {}", figures.scheduler, cost.error().message)};
      figures.costs[i] = *cost;
    }
    all.push_back(figures);
  }
  fmt::print(stderr, "\n");
  return all;
}

}  // namespace fairway::bench
