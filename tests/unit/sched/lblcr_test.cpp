// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <set>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

constexpr std::uint32_t day = 24 * 60 * 60 * 1000;

struct Fixture {
  Balance balance{"lblcr"};

  void add(std::uint32_t weight11, std::uint32_t weight12, std::uint32_t weight13) {
    balance.add(11, weight11);
    balance.add(12, weight12);
    balance.add(13, weight13);
    balance.go_to(1);
  }
  void set_active(std::uint32_t active11, std::uint32_t active12, std::uint32_t active13) {
    balance.line(11).active.set(active11);
    balance.line(12).active.set(active12);
    balance.line(13).active.set(active13);
  }
  void pass(std::uint32_t milliseconds) { balance.now = base::later(balance.now, milliseconds); }
  /// The destination is used meanwhile, or it would be forgotten.
  void pass_a_day(std::uint32_t and_milliseconds) {
    pass(day / 2);
    balance.pick();
    pass(day / 2 + and_milliseconds);
  }

  /// The destination's set becomes 13, then 12 too, then 11.
  void grow_to(unsigned size) {
    CHECK(balance.pick() == 13);
    if (size > 1) {
      set_active(4, 0, 11);
      CHECK(balance.pick() == 12);
    }
    if (size > 2) {
      set_active(0, 11, 11);
      CHECK(balance.pick() == 11);
    }
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "new destinations are shared out by lblcr as connections are by wlc") {
  add(3, 2, 1);
  Chosen chosen;
  for (std::uint32_t destination = 0; destination < 10; ++destination) {
    balance.go_to(destination);
    chosen.push_back(balance.open());
  }
  CHECK(chosen == Chosen{13, 12, 11, 11, 12, 11, 13, 12, 11, 11});
}

TEST_CASE_METHOD(Fixture, "a set grows when its best server is overburdened, and its best server serves from then on") {
  add(10, 10, 10);
  grow_to(2);
  set_active(0, 3, 2);
  CHECK(balance.pick() == 13);  // 11 is idle, but no member
  set_active(0, 2, 3);
  CHECK(balance.pick() == 12);
  set_active(0, 2, 2);
  CHECK(balance.pick() == 12);  // the newest member on a tie
  set_active(0, 10, 11);
  CHECK(balance.pick() == 12);  // as many as its weight
  set_active(5, 11, 11);
  CHECK(balance.pick() == 12);  // nobody has leisure
  set_active(4, 11, 11);
  CHECK(balance.pick() == 11);
}

TEST_CASE_METHOD(Fixture, "a set that has not changed for a day gives up its most burdened member") {
  add(10, 10, 10);
  grow_to(3);
  set_active(3, 2, 4);
  pass_a_day(0);
  CHECK(balance.pick() == 12);  // a day to the millisecond: not yet
  pass(1);
  CHECK(balance.pick() == 12);  // 13 goes
  set_active(5, 5, 0);
  CHECK(balance.pick() == 11);
  pass_a_day(1);
  CHECK(balance.pick() == 11);  // of 11 and 12 the newer goes on a tie, after it has served
  set_active(0, 5, 0);
  CHECK(balance.pick() == 12);
  pass_a_day(1);
  CHECK(balance.pick() == 12);  // the last one stays
  CHECK(balance.pick() == 12);
}

TEST_CASE_METHOD(Fixture, "a member that has left the service is given up first") {
  add(10, 10, 10);
  grow_to(3);
  set_active(1, 2, 0);
  balance.remove(13);
  pass_a_day(1);
  CHECK(balance.pick() == 11);
  balance.add(13, 10);
  CHECK(balance.pick() == 11);
  set_active(3, 2, 0);
  CHECK(balance.pick() == 12);
}

TEST_CASE_METHOD(Fixture, "members that take no connections do not serve; if none does, wlc adds one") {
  add(10, 10, 10);
  grow_to(2);
  set_active(0, 1, 2);
  balance.edit(12, 0);
  CHECK(balance.pick() == 13);
  balance.remove(13);
  CHECK(balance.pick() == 11);
  balance.edit(12, 10);
  set_active(2, 1, 0);
  CHECK(balance.pick() == 12);
}

TEST_CASE_METHOD(Fixture, "members of weight 0 are not given up, as in the kernel") {
  add(10, 10, 10);
  grow_to(2);
  balance.edit(12, 0);
  balance.edit(13, 0);
  balance.edit(11, 0);
  pass_a_day(1);
  CHECK(balance.pick() == Balance::none);
  for (const unsigned server : {11u, 12u, 13u}) balance.edit(server, 10);
  SECTION("the one") {
    set_active(0, 8, 9);
    CHECK(balance.pick() == 12);
  }
  SECTION("and the other") {
    set_active(0, 9, 8);
    CHECK(balance.pick() == 13);
  }
}

TEST_CASE_METHOD(Fixture, "lblcr forgets a destination with all its servers when it was not used for a day") {
  add(10, 10, 10);
  grow_to(3);
  pass(day + day / 24);
  set_active(0, 0, 1);
  CHECK(balance.pick() == 12);
  set_active(0, 5, 0);
  CHECK(balance.pick() == 12);  // alone in its set
}

TEST_CASE_METHOD(Fixture, "sets that want more members than there is room for make room or do without") {
  std::vector<std::pair<unsigned, std::uint32_t>> servers;
  for (unsigned server = 1; server <= 300; ++server) servers.emplace_back(server, 1);
  balance.create_with(servers);
  // Every choice finds its set overburdened and adds a member: 300 sets of 300.
  for (std::uint32_t destination = 0; destination < 300; ++destination) {
    balance.go_to(destination);
    for (unsigned server = 1; server <= 300; ++server) {
      balance.line(server).active.set(2);
      balance.line(server % 300 + 1).active.set(0);
      REQUIRE(balance.pick() != Balance::none);
    }
  }
  for (std::uint32_t destination = 1000; destination < 2000; ++destination) {
    balance.go_to(destination);
    const unsigned server = balance.pick();
    balance.line(server).active.set(1);
    REQUIRE(balance.pick() == server);  // a new destination has been remembered
  }
}
