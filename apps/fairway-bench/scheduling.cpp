// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <random>

#include "fairway-bench/lines.hpp"
#include "fairway-bench/modes.hpp"
#include "sched/registry.hpp"

namespace fairway::bench {
namespace {

/// Real servers of the service that is measured.
constexpr std::array<std::uint32_t, 4> sizes{2, 64, 1024, 4096};

/// Nanoseconds per new connection, best of some rounds, by sizes.
struct Costs {
  /// The choice, and what counting the connection, its first change and the end of another one costs for the choice's sake.
  std::array<double, sizes.size()> choice{};
  /// A SYN's whole way through the pipeline: all stages, its connection opened, the packet rewritten.
  std::array<double, sizes.size()> connection{};
};

constexpr std::uint32_t open_connections = 8'192, round_size = Deck::size;
constexpr std::uint32_t destinations = 1'024;  // what lblc and lblcr tell apart

Plan plan_of(const sched::Scheduler& scheduler, std::uint32_t servers) {
  return {.forwarding = service::Forwarding::dr,
          .flows = round_size,
          .servers = servers,
          .scheduler = std::string(scheduler.name()),
          .weight = std::max(round_size / servers, 1u)};
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
    const double result = nanoseconds_each(dpdk::tsc() - start, round_size);
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
  Connections(Bed& bed, Lines& lines, Deck& deck, const Plan& plan)
      : bed_(bed), lines_(lines), deck_(deck), plan_(plan) {}

  base::Result<double> time() {
    for (std::uint32_t i = 0; i < round_size; ++i)
      lines_.give(0, deck_.write(i, client_tuple(plan_, i), net::TcpHeader::syn, bed_.port_in(false)));
    const double result = nanoseconds_each(lines_.measure(), round_size);
    if (lines_.count(forward::Verdict::transmit) != lines_.measured_packets())
      return base::Error{"SYNs were not transmitted: " + lines_.others()};
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
  Lines& lines_;
  Deck& deck_;
  const Plan& plan_;
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

base::Result<void> measure(const sched::Scheduler& scheduler, std::size_t size, Deck& deck, std::uint32_t rounds,
                           Costs& costs) {
  const Plan plan = plan_of(scheduler, sizes[size]);
  auto bed = Bed::create(plan);
  if (!bed) return bed.error();
  Choices choices(**bed, plan);
  if (auto filled = choices.fill(); !filled) return filled.error();
  const auto choice = best_of(choices, rounds);
  if (!choice) return choice.error();
  choices.finish();
  auto lines = Lines::create(**bed, forward::burst_size, {});
  if (!lines) return lines.error();
  Connections connections(**bed, **lines, deck, plan);
  const auto connection = best_of(connections, rounds);
  if (!connection) return connection.error();
  costs.choice[size] = *choice;
  costs.connection[size] = *connection;
  return {};
}

void add_row(Report& report, std::string_view scheduler, const Costs& costs) {
  auto& row = report.add_row();
  row["scheduler"] = scheduler;
  const auto add = [&](const char* what, const std::array<double, sizes.size()>& its) {
    for (std::size_t i = 0; i < sizes.size(); ++i) row[fmt::format("{}_{}_ns", what, sizes[i])] = its[i];
    row[fmt::format("{}_ratio", what)] = its.back() / its.front();
  };
  add("choice", costs.choice);
  add("syn", costs.connection);
}

std::vector<Column> columns() {
  std::vector<Column> all{{"scheduler", "scheduler"}};
  for (const char* what : {"choice", "syn"}) {
    for (const std::uint32_t size : sizes)
      all.push_back({fmt::format("{}_{}_ns", what, size), fmt::format("{} {}", what, size)});
    all.push_back({fmt::format("{}_ratio", what), "ratio", 2});
  }
  return all;
}

}  // namespace

std::size_t memory_for_scheduling() { return Bed::table_bytes(plan_of(*sched::all().front(), 2)); }

base::Result<Report> measure_scheduling(const Options& options) {
  auto deck = Deck::create(FrameSizes());
  if (!deck) return deck.error();
  Report report;
  report.title = fmt::format(
      "ns per new connection by real servers, best of {} rounds of 16,384: the choice with its counting, "
      "and a SYN's way through the pipeline",
      options.rounds);
  report.columns = columns();
  Progress progress(options.progress);
  for (const sched::Scheduler* scheduler : sched::all()) {
    progress.show("schedulers", report.rows.size(), sched::all().size());
    Costs costs;
    for (std::size_t size = 0; size < sizes.size(); ++size)
      if (auto measured = measure(*scheduler, size, *deck, options.rounds, costs); !measured)
        return base::Error{fmt::format("{}: {}", scheduler->name(), measured.error().message)};
    add_row(report, scheduler->name(), costs);
  }
  report.facts = {{"mode", options.mode}, {"rounds", options.rounds}, {"servers", sizes}};
  return report;
}

}  // namespace fairway::bench
