// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/large_sets.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "support/balance.hpp"

/// lblcr with sets of hundreds: by one worker the very choices of a walk through the set, which is what a Balance that
/// watches nothing makes.
using namespace fairway;
using tests::Balance;

namespace {

struct Life {
  unsigned servers;
  unsigned destinations;
  std::uint32_t largest_weight;
};

class Pair {
 public:
  Pair(const Life& life, std::uint64_t seed) : random_(seed), life_(life) {
    walked_.is_watched = false;
    for (unsigned server = 1; server <= life.servers; ++server) add(server);
    both([](Balance& balance) { balance.settings.lblcr_expiration = 1; });
  }

  /// False where the two have chosen differently.
  bool step() {
    switch (random_() % 512) {
      case 0: edit(); return true;
      case 1: come_or_go(); return true;
      case 2: pass(); return true;
      default: return open_.size() > 4 * life_.servers || random_() % 3 == 0 ? end() : open();
    }
  }
  bool has_large_sets() const { return most_members_ > service::most_walked; }

 private:
  std::uint32_t weight() {
    return random_() % 16 == 0 ? 0 : static_cast<std::uint32_t>(1 + random_() % life_.largest_weight);
  }
  template <class F>
  void both(F&& f) {
    f(tracked_);
    f(walked_);
  }
  void add(unsigned server) {
    present_.push_back(server);
    const std::uint32_t upper = random_() % 4 == 0 ? static_cast<std::uint32_t>(1 + random_() % 6) : 0;
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
  /// Long enough, now and then, for a set to shrink.
  void pass() {
    both([&, time = static_cast<std::uint32_t>(random_() % 1200)](Balance& balance) {
      balance.now = base::later(balance.now, time);
    });
  }
  bool open() {
    const auto destination = static_cast<std::uint32_t>(random_() % life_.destinations);
    both([&](Balance& balance) { balance.go_to(destination); });
    const unsigned one = tracked_.pick(), other = walked_.pick();
    if (one != other) return false;
    if (one == Balance::none) return true;
    servers_of_[destination].insert(one);
    most_members_ = std::max(most_members_, servers_of_[destination].size());
    if (random_() % 8 == 0) return true;  // it could not be opened
    const bool is_active = random_() % 8 != 0;
    both([&](Balance& balance) {
      (is_active ? balance.line(one).active : balance.line(one).inactive).add(1);
      balance.limits(one).bound(balance.total(one));
    });
    open_.emplace_back(one, is_active);
    return true;
  }
  bool end() {
    if (open_.empty()) return true;
    std::swap(open_[random_() % open_.size()], open_.back());
    const auto [server, is_active] = open_.back();
    open_.pop_back();
    both([&, server = server, is_active = is_active](Balance& balance) {
      (is_active ? balance.line(server).active : balance.line(server).inactive).subtract(1);
      balance.limits(server).unbound(balance.total(server));
    });
    return true;
  }

  Balance tracked_{"lblcr"}, walked_{"lblcr"};
  std::mt19937_64 random_;
  Life life_;
  std::vector<unsigned> present_, gone_;
  std::vector<std::pair<unsigned, bool>> open_;
  std::map<std::uint32_t, std::set<unsigned>> servers_of_;
  std::size_t most_members_ = 0;
};

struct Views {
  static constexpr std::uint32_t size = 200;

  service::ServerLines lines = service::make_server_lines();
  const service::ServerLine* pointer = lines.get();
  service::Loads loads{std::span(&pointer, 1)};
  sched::ReplicationView view{size};

  Views() {
    for (std::uint32_t place = 0; place < size; ++place) view.assign(place, member(place), loads);
    view.seal();
  }
  static sched::Member member(std::uint32_t place) { return {.id = {place}, .weight = 1}; }
  void set(std::uint32_t place, std::uint32_t active) {
    lines[place].active.set(active);
    view.set(place, member(place), loads);
  }
  static auto each_of(std::vector<std::uint32_t> places) {
    return [places](auto&& f) {
      for (const std::uint32_t place : places) f(place);
    };
  }
};

}  // namespace

TEST_CASE("lblcr chooses from sets of hundreds what a walk through the set chooses") {
  const Life life = GENERATE(Life{300, 1, 1}, Life{300, 2, 3}, Life{300, 7, 2}, Life{40, 3, 3}, Life{1000, 1, 1},
                             Life{60, 1, 0x7fffffff});
  CAPTURE(life.servers, life.destinations, life.largest_weight);
  Pair pair(life, life.servers + life.destinations);
  int steps = 0;
  while (steps < 20'000 && pair.step()) ++steps;
  CHECK(steps == 20'000);
  if (life.largest_weight < 10) CHECK(pair.has_large_sets());
}

TEST_CASE("members of a large set whose fractions are the same double are told apart") {
  // 2^30/(2^31-1) is smaller than (2^30-1)/(2^31-3) by less than a double can say.
  constexpr std::uint32_t heavy = 0x7fffffff;
  const bool is_newer = GENERATE(true, false);
  const unsigned less = is_newer ? 22 : 21, more = is_newer ? 21 : 22;
  Balance balance("lblcr");
  for (unsigned server = 1; server <= 20; ++server) balance.add(server, 1);
  balance.add(21, is_newer ? heavy - 2 : heavy);
  balance.add(22, is_newer ? heavy : heavy - 2);
  // One after the other is at leisure while those before it are overburdened: all become members.
  for (unsigned server = 1; server <= 22; ++server) balance.line(server).active.set(~0u);
  for (unsigned server = 1; server <= 22; ++server) {
    balance.line(server).active.set(0);
    REQUIRE(balance.pick() == server);
    balance.line(server).active.set(~0u);
  }
  balance.line(less).active.set(1u << 30);
  balance.line(more).active.set((1u << 30) - 1);
  for (int i = 0; i < 20; ++i) CHECK(balance.pick() == less);
}

TEST_CASE_METHOD(Views, "the tree of a set knows its members alone, the newest first on a tie") {
  sched::SetTree tree(size);
  set(5, 1);
  tree.make(7, view, each_of({150, 20, 5}));
  CHECK(tree.version() == 7);
  CHECK(tree.first() == 150);
  CHECK(tree.next_equal(150) == 20);
  CHECK(tree.next_equal(20) == sched::nowhere);
  CHECK(tree.has(20));
  CHECK_FALSE(tree.has(21));
  set(150, 2);
  set(20, 3);
  set(21, 0);
  CHECK(tree.first() == 150);
  CHECK(tree.follow(view));
  CHECK(tree.first() == 5);
  tree.add(21, view, 8);
  CHECK(tree.version() == 8);
  CHECK(tree.first() == 21);
  set(5, 0);
  CHECK(tree.follow(view));
  CHECK(tree.first() == 21);  // newer than 5
}

TEST_CASE_METHOD(Views,
                 "a tree that too much has changed for is given up, and another is made when walks have cost enough") {
  sched::LargeSets sets(size);
  const auto walk_until_made = [&](std::uint32_t version) {
    unsigned walks = 0;
    sched::SetTree* tree = nullptr;
    for (; !tree; ++walks) tree = sets.instead_of_walk(100);
    tree->make(version, view, each_of({3, 4}));
    return walks;
  };
  CHECK(walk_until_made(1) == 8);
  REQUIRE(sets.find(1, view));
  CHECK_FALSE(sets.find(2, view));
  for (std::uint32_t i = 1; i <= 32; ++i) set(3, i);
  CHECK(sets.find(1, view));
  for (std::uint32_t i = 1; i <= 33; ++i) set(3, i);
  CHECK_FALSE(sets.find(1, view));
  CHECK_FALSE(sets.find(1, view));
  for (std::uint32_t version = 2; version <= 6; ++version) CHECK(walk_until_made(version) == 8);
  CHECK_FALSE(sets.find(2, view));  // there are four
  for (std::uint32_t version = 3; version <= 6; ++version) CHECK(sets.find(version, view));
  view.seal();
  CHECK_FALSE(sets.find(3, view));
}
