// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
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
  for (const sched::Scheduler* scheduler : sched::all()) kinds.push_back({scheduler->name(), {}});
  return kinds;
}

std::string trace_of(const Kind& kind, unsigned seed, unsigned steps) {
  std::string command = "/usr/bin/python3 -B " FAIRWAY_MODEL "/trace.py " + std::to_string(seed) + " " +
                        std::to_string(steps) + " " + std::string(kind.scheduler);
  for (const service::SchedulerFlag flag : kind.flags) {
    service::SchedulerFlags one;
    one.add(flag);
    command += " " + to_string(one);
  }
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe);
  std::string text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe.get())) text.append(buffer, count);
  return text;
}

void move_connection(service::ServerLine& line, const std::string& event) {
  if (event == "settle") {
    line.inactive.subtract(1);
    line.active.add(1);
  } else if (event == "close") {
    line.active.subtract(1);
    line.inactive.add(1);
  } else {
    line.inactive.subtract(1);
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
  const unsigned chosen = balance.pick();
  if (chosen != Balance::none) balance.line(chosen).inactive.add(1);
  if (chosen != expected) std::cout << "chose " << chosen << ", the model " << expected << '\n';
  return chosen == expected;
}

bool play(Balance& balance, const std::string& line) {
  std::istringstream event(line);
  std::string what;
  event >> what;
  if (what == "open") return open_as(balance, event);
  unsigned server = 0;
  std::uint32_t weight = 0;
  event >> server;
  if (what == "add" && event >> weight)
    balance.add(server, weight);
  else if (what == "edit" && event >> weight)
    balance.edit(server, weight);
  else if (what == "remove")
    balance.remove(server);
  else
    move_connection(balance.line(server), what);
  return true;
}

}  // namespace

TEST_CASE("every scheduler chooses as its model does, through ten thousand random events") {
  constexpr unsigned steps = 10'000;
  for (const Kind& kind : kinds()) {
    for (const unsigned seed : {1u, 2u}) {
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
