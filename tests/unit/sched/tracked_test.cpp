// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/tracked.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "support/balance.hpp"

/// Choices among so many servers that not all are looked at: by one worker the very ones of a walk through the list,
/// which is what a Balance that watches nothing makes.
using namespace fairway;
using tests::Balance;

namespace {

constexpr unsigned servers = 300;

/// The same life told to two balances of one worker, one of which walks.
class Pair {
 public:
  Pair(std::string_view scheduler, std::uint64_t seed, std::uint32_t largest_weight)
      : tracked_(scheduler), walked_(scheduler), random_(seed), largest_weight_(largest_weight) {
    walked_.is_watched = false;
    for (unsigned server = 1; server <= servers; ++server) add(server);
  }

  /// False where the two have chosen differently.
  bool step() {
    switch (random_() % 64) {
      case 0: edit(); return true;
      case 1: come_or_go(); return true;
      default: return random_() % 3 == 0 ? end() : open();
    }
  }

 private:
  std::uint32_t weight() {
    return random_() % 8 == 0 ? 0 : static_cast<std::uint32_t>(1 + random_() % largest_weight_);
  }
  template <class F>
  void both(F&& f) {
    f(tracked_);
    f(walked_);
  }
  void add(unsigned server) {
    present_.push_back(server);
    const std::uint32_t upper = random_() % 2 ? static_cast<std::uint32_t>(random_() % 6) : 0;
    both([&, its = weight()](Balance& balance) {
      balance.limits(server).set(upper, 0);
      balance.add(server, its);
    });
  }
  void edit() {
    const unsigned server = present_[random_() % present_.size()];
    both([&, its = weight()](Balance& balance) { balance.edit(server, its); });
  }
  void come_or_go() {
    if (!gone_.empty() && random_() % 2 == 0) {
      const unsigned server = gone_.back();
      gone_.pop_back();
      return add(server);
    }
    const auto place = present_.begin() + static_cast<std::ptrdiff_t>(random_() % present_.size());
    gone_.push_back(*place);
    both([&](Balance& balance) { balance.remove(*place); });
    present_.erase(place);
  }
  bool open() {
    const auto destination = static_cast<std::uint32_t>(random_() % 500);
    both([&](Balance& balance) { balance.go_to(destination); });
    const unsigned one = tracked_.pick(), other = walked_.pick();
    if (one != other) return false;
    if (one == Balance::none) return true;
    both([&](Balance& balance) {
      balance.line(one).active.add(1);
      balance.limits(one).bound(balance.total(one));
    });
    open_.push_back(one);
    return true;
  }
  bool end() {
    if (open_.empty()) return true;
    std::swap(open_[random_() % open_.size()], open_.back());
    const unsigned server = open_.back();
    open_.pop_back();
    both([&](Balance& balance) {
      balance.line(server).active.subtract(1);
      balance.limits(server).unbound(balance.total(server));
    });
    return true;
  }

  Balance tracked_, walked_;
  std::mt19937_64 random_;
  std::uint32_t largest_weight_;
  std::vector<unsigned> present_, gone_, open_;
};

}  // namespace

TEST_CASE("every scheduler chooses among hundreds what a walk through the list chooses") {
  for (const sched::Scheduler* scheduler : sched::all()) {
    if (scheduler->name() == "twos") continue;  // it draws other numbers there
    for (const std::uint32_t largest_weight : {1u, 10u, 65535u, 0x7fffffffu}) {
      CAPTURE(scheduler->name(), largest_weight);
      Pair pair(scheduler->name(), largest_weight, largest_weight);
      int steps = 0;
      while (steps < 5000 && pair.step()) ++steps;
      CHECK(steps == 5000);
    }
  }
}

TEST_CASE("fractions that are the same double are told apart") {
  // 2^30/(2^31-1) is smaller than (2^30-1)/(2^31-3) by less than a double can say.
  Balance balance("sed");
  constexpr std::uint32_t heavy = 0x7fffffff;
  for (unsigned server = 1; server <= 20; ++server) balance.add(server, 1);
  const bool is_first = GENERATE(true, false);
  balance.add(21, is_first ? heavy : heavy - 2);
  balance.add(22, is_first ? heavy - 2 : heavy);
  balance.line(is_first ? 21 : 22).active.set((1u << 30) - 1);
  balance.line(is_first ? 22 : 21).active.set((1u << 30) - 2);
  CHECK(static_cast<double>(1u << 30) / heavy == static_cast<double>((1u << 30) - 1) / (heavy - 2));
  for (unsigned server = 1; server <= 20; ++server) balance.line(server).active.set(1000);
  CHECK(balance.pick() == (is_first ? 21u : 22u));
}

TEST_CASE("a worker sees what others count of the server that it is about to choose") {
  const auto* scheduler = GENERATE("lc", "wlc", "sed", "ovf");
  CAPTURE(scheduler);
  Balance balance(scheduler, 2);
  for (unsigned server = 1; server <= 100; ++server) balance.add(server, 1);
  CHECK(balance.pick(0) == 100);
  balance.line(100, 1).active.set(2);  // the other worker's
  CHECK(balance.pick(0) == 99);
  for (unsigned server = 2; server <= 100; ++server) balance.line(server, 1).active.set(2);
  CHECK(balance.pick(0) == 1);
}

TEST_CASE("a worker hears in the end of what others count no more") {
  const auto* scheduler = GENERATE("lc", "wlc", "sed", "nq", "ovf");
  CAPTURE(scheduler);
  Balance balance(scheduler, 2);
  for (unsigned server = 1; server <= 100; ++server) balance.add(server, 1);
  for (unsigned server = 1; server <= 100; ++server) balance.line(server, 1).active.set(5);
  balance.line(40, 1).active.set(1);
  balance.pick(0);
  balance.line(70, 1).active.set(0);
  unsigned choices = 0;
  while (balance.pick(0) != 70) REQUIRE(++choices <= 25);
}

TEST_CASE("overload that another worker ends is seen at once where nobody else takes connections") {
  const auto* scheduler = GENERATE("rr", "wrr", "wlc", "fo", "twos");
  CAPTURE(scheduler);
  Balance balance(scheduler, 2);
  for (unsigned server = 1; server <= 100; ++server) {
    balance.limits(server).set(1, 0);
    balance.add(server, 1);
    balance.limits(server).bound(1);
  }
  CHECK(balance.pick(0) == Balance::none);
  balance.limits(30).clear_overload();
  balance.now = base::later(balance.now, 1);
  CHECK(balance.pick(0) == 30);
}
