// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/timers.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <vector>

using namespace fairway;
using namespace fairway::conn;
using base::Stamp;

namespace {

/// Timers over so many slots, with what the table does at them: due ones end, the others are put back.
class Wheel {
 public:
  explicit Wheel(std::uint32_t slots, Stamp start = {0}) : hot_(slots), cold_(slots), timers_(hot_, cold_, start) {}

  void arm(std::uint32_t slot, std::uint32_t seconds, Stamp now, Standing standing = Standing::settled) {
    hot_[slot].timeout = seconds;
    hot_[slot].last_seen = now;
    standings_[slot] = standing;
    timers_.insert(slot, standing, now);
  }
  void touch(std::uint32_t slot, Stamp now) { hot_[slot].last_seen = now; }
  void disarm(std::uint32_t slot) { timers_.remove(slot); }

  /// The slots that ended.
  std::set<std::uint32_t> advance(Stamp now, std::uint32_t budget = ~0u) {
    std::set<std::uint32_t> ended;
    looks = 0;
    more = timers_.advance(now, budget, [&](std::span<const std::uint32_t> slots) {
      for (const std::uint32_t slot : slots) {
        ++looks;
        if (hot_[slot].is_due(now))
          ended.insert(slot);
        else
          timers_.insert(slot, standings_[slot], now);
      }
    });
    return ended;
  }
  /// The one that would be taken out first; it stays.
  std::optional<std::uint32_t> first(Standing standing) {
    std::uint32_t slot = Timers::none;
    if (timers_.take_first(standing, {&slot, 1}) == 0) return std::nullopt;
    timers_.insert(slot, standing, hot_[slot].last_seen);
    return slot;
  }
  std::set<std::uint32_t> take_first(Standing standing, std::size_t most) {
    std::vector<std::uint32_t> slots(most);
    slots.resize(timers_.take_first(standing, slots));
    return {slots.begin(), slots.end()};
  }

  std::uint32_t looks = 0;
  bool more = false;

 private:
  std::vector<Hot> hot_;
  std::vector<Cold> cold_;
  Timers timers_;
  std::map<std::uint32_t, Standing> standings_;
};

constexpr Stamp at(std::uint64_t milliseconds) { return {static_cast<std::uint32_t>(milliseconds)}; }

}  // namespace

TEST_CASE("a connection ends between its timeout and a second later, wherever the clock stands") {
  const std::uint64_t start = GENERATE(0u, 511u, 123'456u, 0xfffff000u, 0xfffffdffu, 0xffffffffu);
  const std::uint32_t timeout = GENERATE(1u, 2u, 10u, 60u, 300u, 900u);
  Wheel wheel(1, at(start));
  wheel.arm(0, timeout, at(start));
  std::uint64_t ended = 0;
  for (std::uint64_t passed = 0; passed <= timeout * 1000 + 2000 && ended == 0; passed += 100)
    if (!wheel.advance(at(start + passed)).empty()) ended = passed;
  CHECK(ended >= timeout * 1000);
  CHECK(ended <= timeout * 1000 + 1000);
}

TEST_CASE("a timeout longer than a turn of the wheel, up to the clock's own, comes round until it is due") {
  const std::uint32_t timeout = GENERATE(1047u, 1048u, 1049u, 5000u, 100'000u, 2'000'000u);
  Wheel wheel(1);
  wheel.arm(0, timeout, at(0));
  std::uint64_t passed = 0;
  while (wheel.advance(at(passed)).empty()) passed += 500;
  CHECK(passed >= timeout * std::uint64_t{1000});
  CHECK(passed <= timeout * std::uint64_t{1000} + 1000);
}

TEST_CASE("packets put the end off without touching the timer") {
  Wheel wheel(1);
  wheel.arm(0, 10, at(0));
  std::uint32_t looks = 0;
  for (std::uint64_t now = 0; now < 60'000; now += 100) {
    if (now <= 45'000) wheel.touch(0, at(now));
    const bool ended = !wheel.advance(at(now)).empty();
    looks += wheel.looks;
    if (ended) {
      CHECK(now >= 55'000);
      CHECK(now <= 56'000);
      CHECK(looks <= 7);  // once every ten seconds
      return;
    }
  }
  FAIL("it never ended");
}

TEST_CASE("hours without a call end what is due and keep what is not") {
  Wheel wheel(4);
  wheel.arm(0, 60, at(1000));
  wheel.arm(1, 900, at(1000));
  wheel.arm(2, 4 * 3600, at(1000));
  wheel.arm(3, 5 * 3600, at(1000));
  const std::uint64_t later = 1000 + 4 * 3600 * 1000 + 1000;
  CHECK(wheel.advance(at(later)) == std::set<std::uint32_t>{0, 1, 2});
  CHECK(wheel.advance(at(later + 3'598'000)).empty());
  CHECK(wheel.advance(at(later + 3'600'000)) == std::set<std::uint32_t>{3});
}

TEST_CASE("a clock that leaps over any number of buckets meets the one that is due, whatever lies about it") {
  const std::uint64_t start =
      GENERATE(0u, 31'744u, 0xfffffdffu);  // at a word of ticks, before its end, before the wrap
  std::mt19937_64 random(start);
  for (std::uint32_t timeout = 1; timeout < 1040; timeout += 1 + timeout / 40) {
    Wheel wheel(40, at(start));
    std::map<std::uint32_t, std::uint32_t> due;  // slot to seconds
    for (std::uint32_t slot = 0; slot < 40; ++slot) {
      const auto seconds = slot == 0 ? timeout : static_cast<std::uint32_t>(random() % 2000 + 1);
      wheel.arm(slot, seconds, at(start), Standing(slot % standing_count));
      if (random() % 4 == 0 && slot != 0)
        wheel.disarm(slot);
      else
        due[slot] = seconds;
    }
    const std::uint64_t leaps[] = {timeout * 1000 - 1, timeout * 1000 + 512, 1'500'000 + random() % 100'000, 2'002'000};
    for (const std::uint64_t leap : leaps) {
      for (const std::uint32_t slot : wheel.advance(at(start + leap))) {
        REQUIRE(due.contains(slot));
        REQUIRE(due[slot] * std::uint64_t{1000} <= leap);
        due.erase(slot);
      }
      for (const auto& [slot, seconds] : due) REQUIRE(seconds * std::uint64_t{1000} + 512 > leap);
    }
    REQUIRE(due.empty());
  }
}

TEST_CASE("no call looks at more than its budget, and says when some are left") {
  Wheel wheel(1000);
  for (std::uint32_t slot = 0; slot < 1000; ++slot) wheel.arm(slot, 1 + slot % 3, at(0));
  std::set<std::uint32_t> ended;
  int calls = 0;
  do {
    const auto some = wheel.advance(at(10'000), 64);
    CHECK(wheel.looks <= 64);
    ended.insert(some.begin(), some.end());
    ++calls;
  } while (wheel.more);
  CHECK(ended.size() == 1000);
  CHECK(calls == 16);
  CHECK(wheel.advance(at(10'000), 0).empty());
  CHECK_FALSE(wheel.more);
}

TEST_CASE("a wheel that cannot keep up still ends everything once, and puts nothing where it would be missed") {
  Wheel wheel(3000);
  for (std::uint32_t slot = 0; slot < 3000; ++slot) wheel.arm(slot, slot % 2 == 0 ? 1 : 2000, at(0));
  std::set<std::uint32_t> ended;
  std::uint64_t now = 0;
  for (; now < 4'000'000; now += 1000) {
    const auto some = wheel.advance(at(now), 3);
    for (const std::uint32_t slot : some) {
      REQUIRE(ended.insert(slot).second);
      REQUIRE(now >= (slot % 2 == 0 ? 1000u : 2'000'000u));
    }
  }
  CHECK(ended.size() == 3000);
}

TEST_CASE("what was taken out does not end, from anywhere in its bucket") {
  for (const std::uint32_t out : {0u, 1u, 2u}) {
    Wheel wheel(3);
    for (std::uint32_t slot = 0; slot < 3; ++slot) wheel.arm(slot, 5, at(0));
    wheel.disarm(out);
    std::set<std::uint32_t> rest{0, 1, 2};
    rest.erase(out);
    CHECK(wheel.advance(at(10'000)) == rest);
  }
}

TEST_CASE("the first of a standing is the one that is due first") {
  Wheel wheel(10);
  CHECK_FALSE(wheel.first(Standing::half_open));
  wheel.arm(0, 60, at(0), Standing::half_open);
  wheel.arm(1, 10, at(0), Standing::half_open);
  wheel.arm(2, 5, at(0), Standing::closing);
  wheel.arm(3, 1, at(0), Standing::settled);
  CHECK(wheel.first(Standing::half_open) == 1u);
  CHECK(wheel.first(Standing::closing) == 2u);
  CHECK(wheel.first(Standing::settled) == 3u);
  wheel.disarm(1);
  CHECK(wheel.first(Standing::half_open) == 0u);
  wheel.arm(4, 20, at(1000), Standing::half_open);
  CHECK(wheel.first(Standing::half_open) == 4u);
  wheel.disarm(4);
  wheel.disarm(0);
  CHECK_FALSE(wheel.first(Standing::half_open));
}

TEST_CASE("those that are due first are taken out together, and the rest of their bucket stays in order") {
  Wheel wheel(100);
  for (std::uint32_t slot = 0; slot < 100; ++slot) wheel.arm(slot, slot < 60 ? 10 : 20, at(0), Standing::half_open);
  std::set<std::uint32_t> taken;
  for (const std::size_t size : {32u, 28u}) {
    const auto some = wheel.take_first(Standing::half_open, size);
    CHECK(some.size() == size);
    taken.insert(some.begin(), some.end());
    if (size == 32) {  // one in the middle of a list, and one that may have become its head
      for (std::uint32_t slot = 0; slot < 60; ++slot)
        if (!taken.contains(slot)) {
          wheel.disarm(slot);
          wheel.arm(slot, 10, at(0), Standing::half_open);
        }
    }
  }
  CHECK(taken.size() == 60);
  CHECK(*taken.rbegin() == 59);
  CHECK(wheel.take_first(Standing::half_open, 64).size() == 40);
  CHECK(wheel.take_first(Standing::half_open, 64).empty());
}

TEST_CASE("the first is found after time has passed it by") {
  Wheel wheel(10);
  wheel.arm(0, 5, at(0), Standing::half_open);
  wheel.arm(1, 30, at(0), Standing::half_open);
  CHECK(wheel.first(Standing::half_open) == 0u);
  CHECK(wheel.advance(at(10'000)) == std::set<std::uint32_t>{0});
  wheel.arm(2, 100, at(10'000), Standing::half_open);  // behind the one that is due at 30 s
  CHECK(wheel.first(Standing::half_open) == 1u);
}

TEST_CASE("at random times, the first of each standing is due no later than a bucket after the true first") {
  std::mt19937_64 random(3);
  constexpr std::uint32_t slots = 60;
  Wheel wheel(slots);
  std::map<std::uint32_t, std::pair<Standing, std::uint64_t>> armed;  // by slot: standing, due
  std::uint64_t now = 0;
  for (int i = 0; i < 20'000; ++i) {
    now += random() % 2000;
    for (const std::uint32_t slot : wheel.advance(at(now))) armed.erase(slot);
    const auto slot = static_cast<std::uint32_t>(random() % slots);
    if (armed.contains(slot)) {
      wheel.disarm(slot);
      armed.erase(slot);
    } else {
      const auto standing = static_cast<Standing>(random() % standing_count);
      const auto seconds = static_cast<std::uint32_t>(1 + random() % 900);
      wheel.arm(slot, seconds, at(now), standing);
      armed[slot] = {standing, now + seconds * 1000};
    }
    for (const auto standing : {Standing::half_open, Standing::closing, Standing::settled}) {
      std::uint64_t earliest = ~std::uint64_t{0};
      for (const auto& [_, what] : armed)
        if (what.first == standing) earliest = std::min(earliest, what.second);
      const auto first = wheel.first(standing);
      REQUIRE(first.has_value() == (earliest != ~std::uint64_t{0}));
      if (first) REQUIRE(armed.at(*first).second <= earliest + 512);
    }
  }
}
