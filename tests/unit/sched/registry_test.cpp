// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/registry.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;

TEST_CASE("schedulers are found by the names that ipvsadm knows") {
  for (const auto* name :
       {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "mh", "fo", "ovf", "twos"}) {
    REQUIRE(sched::find(name));
    CHECK(sched::find(name)->name() == name);
    CHECK(sched::is_known(name));
  }
  for (const auto* name : {"", "RR", "rr ", "none", "wlcx"}) CHECK_FALSE(sched::is_known(name));
}

TEST_CASE("every scheduler in the list has a name of its own and is found by it") {
  std::set<std::string_view> names;
  for (const sched::Scheduler* scheduler : sched::all()) {
    names.insert(scheduler->name());
    CHECK(sched::find(scheduler->name()) == scheduler);
  }
  CHECK(names.size() == sched::all().size());
}

TEST_CASE("no scheduler chooses a server where there is none, or none that takes connections") {
  for (const sched::Scheduler* scheduler : sched::all()) {
    CAPTURE(scheduler->name());
    Balance balance(scheduler->name());
    CHECK(balance.pick() == Balance::none);
    balance.add(11, 0);
    balance.add(12, 0);
    CHECK(balance.pick() == Balance::none);
    balance.remove(12);
    CHECK(balance.pick() == Balance::none);
    balance.edit(11, 1);
    CHECK(balance.pick() == 11);
    CHECK(balance.pick() == 11);
    balance.edit(11, 0);
    CHECK(balance.pick() == Balance::none);
    balance.remove(11);
    CHECK(balance.pick() == Balance::none);
  }
}

TEST_CASE("a server of weight 0 gets no new connection while others can, whatever the scheduler") {
  for (const sched::Scheduler* scheduler : sched::all()) {
    CAPTURE(scheduler->name());
    Balance balance(scheduler->name());
    for (const unsigned server : {11u, 12u, 13u}) balance.add(server, server == 12 ? 0 : 1);
    const auto open_from = [&](std::uint32_t number) {
      balance.come_from(0xcb007100u + number, 50000);
      balance.go_to(0xc6336400u + number);
      return balance.open();
    };
    for (std::uint32_t i = 0; i < 20; ++i) CHECK(open_from(i) != 12);
    balance.edit(12, 2);
    std::set<unsigned> chosen;
    for (std::uint32_t i = 0; i < 40; ++i) chosen.insert(open_from(i));
    CHECK(chosen.contains(12));
  }
}

TEST_CASE("a scheduler that a service is edited to have starts as on a fresh list") {
  Balance balance("rr");
  for (const unsigned server : {11u, 12u, 13u}) balance.add(server);
  CHECK(balance.open_many(2) == std::vector<unsigned>{13, 12});
  balance.use("wrr");
  CHECK(balance.open_many(4) == std::vector<unsigned>{13, 12, 11, 13});
  balance.use("rr");
  CHECK(balance.open_many(2) == std::vector<unsigned>{13, 12});
}
