// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>

#include "support/balance.hpp"

/// Plays random traces that the Python model of the schedulers has written, with what it chose (tests/model).
using namespace fairway;
using tests::Balance;

namespace {

struct Kind {
  std::string_view scheduler;
  std::vector<service::SchedulerFlag> flags;
};

std::vector<Kind> kinds() {
  using Flag = service::SchedulerFlag;
  std::vector<Kind> kinds{
      {"sh", {Flag::sh_fallback}}, {"sh", {Flag::sh_port}}, {"sh", {Flag::sh_fallback, Flag::sh_port}},
      {"mh", {Flag::mh_fallback}}, {"mh", {Flag::mh_port}}, {"mh", {Flag::mh_fallback, Flag::mh_port}}};
  for (const sched::Scheduler* scheduler : sched::all())
    if (scheduler->name() != "twos") kinds.push_back({scheduler->name(), {}});
  return kinds;
}

/// What one of the model's programs writes.
std::string written_by(const std::string& program_and_arguments) {
  const std::string command = "/usr/bin/python3 -B " FAIRWAY_MODEL "/" + program_and_arguments;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe);
  std::string text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe.get())) text.append(buffer, count);
  return text;
}

std::string trace_of(const Kind& kind, unsigned seed, unsigned steps) {
  std::string program =
      "trace.py " + std::to_string(seed) + " " + std::to_string(steps) + " " + std::string(kind.scheduler);
  for (const service::SchedulerFlag flag : kind.flags) {
    service::SchedulerFlags one;
    one.add(flag);
    program += " " + to_string(one);
  }
  return written_by(program);
}

void move_connection(Balance& balance, unsigned server, const std::string& event) {
  service::ServerLine& line = balance.line(server);
  if (event == "settle") {
    line.inactive.subtract(1);
    line.active.add(1);
  } else if (event == "close") {
    line.active.subtract(1);
    line.inactive.add(1);
  } else {
    line.inactive.subtract(1);
    balance.limits(server).unbound(balance.total(server));
  }
}

/// Opens a connection as the event says. Returns whether the scheduler chose as the model did.
bool open_as(Balance& balance, std::istream& event) {
  std::uint32_t client, destination, milliseconds;
  std::uint16_t port;
  unsigned expected;
  event >> client >> port >> destination >> milliseconds >> expected;
  balance.come_from(client, port);
  balance.go_to(destination);
  balance.now = base::later({0xffff0000u}, milliseconds);
  const unsigned chosen = balance.pick();
  if (chosen != Balance::none) {
    balance.line(chosen).inactive.add(1);
    balance.limits(chosen).bound(balance.total(chosen));
  }
  if (chosen != expected) std::cout << "chose " << chosen << ", the model " << expected << '\n';
  return chosen == expected;
}

bool play(Balance& balance, const std::string& line) {
  std::istringstream event(line);
  std::string what;
  event >> what;
  if (what == "open") return open_as(balance, event);
  if (what == "expire") {
    event >> balance.settings.lblc_expiration;
    balance.settings.lblcr_expiration = balance.settings.lblc_expiration;
    return true;
  }
  unsigned server = 0;
  event >> server;
  if (what == "remove") {
    balance.remove(server);
  } else if (std::uint32_t weight = 0, upper = 0, lower = 0; event >> weight >> upper >> lower) {
    balance.limits(server).set(upper, lower);
    what == "add" ? balance.add(server, weight) : balance.edit(server, weight);
  } else {
    move_connection(balance, server, what);
  }
  return true;
}

struct Bin {
  unsigned server;
  double probability;
};

/// Reads one service into the balance. Empty at the end.
std::vector<Bin> read_distribution(std::istream& input, Balance& balance) {
  std::vector<Bin> bins;
  for (std::string line; std::getline(input, line) && !line.empty();) {
    std::istringstream words(line);
    std::uint32_t weight, active, inactive;
    Bin bin{};
    words >> bin.server >> weight >> active >> inactive >> bin.probability;
    balance.add(bin.server, weight);
    balance.line(bin.server).active.set(active);
    balance.line(bin.server).inactive.set(inactive);
    bins.push_back(bin);
  }
  return bins;
}

/// Pearson's chi-square of so many choices, less its mean, in standard deviations; servers that are seldom expected
/// together are one bin.
double surprise(Balance& balance, const std::vector<Bin>& bins, int choices) {
  std::map<unsigned, int> counts;
  for (int i = 0; i < choices; ++i) ++counts[balance.pick()];
  double sum = 0, rare_expected = 0, rare_count = 0;
  int degrees = -1;
  for (const auto& [server, probability] : bins) {
    const double expected = choices * probability, count = counts[server];
    if (expected < 10) {
      rare_expected += expected;
      rare_count += count;
      continue;
    }
    sum += (count - expected) * (count - expected) / expected;
    ++degrees;
  }
  if (rare_expected > 0)
    sum += (rare_count - rare_expected) * (rare_count - rare_expected) / std::max(rare_expected, 1.0);
  return (sum - std::max(degrees, 0)) / std::sqrt(2.0 * std::max(degrees, 1));
}

}  // namespace

TEST_CASE("every scheduler but twos chooses as its model does, through ten thousand random events") {
  constexpr unsigned steps = 10'000;
  for (const Kind& kind : kinds()) {
    for (const unsigned seed : {1u, 2u, 3u, 6u}) {
      CAPTURE(kind.scheduler, kind.flags.size(), seed);
      Balance balance(kind.scheduler);
      for (const service::SchedulerFlag flag : kind.flags) balance.set_flag(flag);
      std::istringstream trace(trace_of(kind, seed, steps));
      unsigned count = 0;
      for (std::string line; std::getline(trace, line); ++count) {
        CAPTURE(count, line);
        if (!play(balance, line)) FAIL();
      }
      CHECK(count == steps);
    }
  }
}

TEST_CASE("twos chooses as often as its model says, by chi-square") {
  constexpr unsigned services = 60;
  std::istringstream distributions(written_by("distributions.py 1 " + std::to_string(services)));
  unsigned count = 0;
  for (;; ++count) {
    Balance balance("twos");
    const std::vector<Bin> bins = read_distribution(distributions, balance);
    if (bins.empty()) break;
    double total = 0;
    for (const Bin& bin : bins) total += bin.probability;
    CAPTURE(count, bins.size());
    if (total == 0)
      CHECK(balance.pick() == Balance::none);
    else
      CHECK(surprise(balance, bins, 20'000) < 4);
  }
  CHECK(count == services);
}
