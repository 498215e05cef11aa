// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/destination_cache.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace fairway;

namespace {

struct Fixture {
  using Cache = sched::DestinationCache<std::uint32_t>;
  static constexpr std::uint32_t minute = Cache::minute, hour = 60 * minute;

  Cache cache;
  base::Stamp now{0xfffe0000u};  // the clock wraps in two minutes
  std::vector<std::uint32_t> forgotten;
  std::uint32_t expiration = 86400;  // seconds

  Fixture() { advance(); }

  void advance() {
    cache.advance(now, expiration, [&](std::uint32_t value) { forgotten.push_back(value); });
  }
  void pass(std::uint32_t milliseconds) {
    now = base::later(now, milliseconds);
    advance();
  }
  void insert(std::uint32_t number) {
    cache.insert(number, now, [&](std::uint32_t value) { forgotten.push_back(value); }) = number;
  }
  bool knows(std::uint32_t number) {
    const std::uint32_t* value = cache.find(number, now);
    if (value) CHECK(*value == number);
    return value != nullptr;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "destinations are remembered apart, those of one bucket too") {
  CHECK_FALSE(knows(1));
  for (std::uint32_t number = 0; number < 5000; ++number) insert(number);
  for (std::uint32_t number = 0; number < 5000; ++number) CHECK(knows(number));
  CHECK_FALSE(knows(5000));
  CHECK(cache.size() == 5000);
  CHECK(forgotten.empty());
}

TEST_CASE_METHOD(Fixture, "what was not used for a day is forgotten at the next check, each half hour") {
  pass(minute);
  insert(1);
  pass(23 * hour);
  insert(2);
  SECTION("not at the check before") {
    pass(hour + 28 * minute);  // the last check was 23 hours and 59 minutes after the first was used
    CHECK(knows(1));
  }
  SECTION("at this one") {
    pass(hour + 30 * minute);
    CHECK_FALSE(knows(1));
    CHECK(knows(2));
  }
  SECTION("unless it was used meanwhile") {
    CHECK(knows(1));
    pass(hour + 30 * minute);
    CHECK(knows(1));
  }
  SECTION("and its memory with it, a few choices later") {
    pass(hour + 30 * minute);
    for (int i = 0; i < 128; ++i) advance();
    CHECK(forgotten == std::vector<std::uint32_t>{1});
    CHECK(cache.size() == 1);
  }
  SECTION("and may be entered again before that") {
    pass(hour + 30 * minute);
    insert(1);
    CHECK(knows(1));
    CHECK(std::count(forgotten.begin(), forgotten.end(), 1u) == 1);
  }
}

TEST_CASE_METHOD(Fixture, "checks that nobody came by for are made up for") {
  insert(1);
  pass(3 * 24 * hour + 17 * minute);
  CHECK_FALSE(knows(1));
  insert(2);
  pass(24 * hour);
  CHECK(knows(2));  // its day was not over at the last check
}

TEST_CASE_METHOD(Fixture,
                 "more than is comfortable: each minute some that were not used for six minutes are forgotten") {
  constexpr std::uint32_t more = 3000, count = Cache::comfortable + more;
  for (std::uint32_t number = 0; number < count; ++number) insert(number);
  pass(5 * minute);
  for (int i = 0; i < 128; ++i) advance();
  CHECK(cache.size() == count);
  std::vector<std::uint32_t> used;
  for (std::uint32_t number = 0; number < 100; ++number) CHECK(knows(number));
  pass(minute);
  for (int i = 0; i < 128; ++i) advance();
  const std::uint32_t goal = more * 4 / 3;
  CHECK(count - cache.size() >= goal);
  CHECK(count - cache.size() < goal + 64);  // what one bucket may hold
  for (std::uint32_t number = 0; number < 100; ++number) CHECK(knows(number));
  CHECK(forgotten.size() == count - cache.size());
}

TEST_CASE_METHOD(Fixture, "at most half of what is comfortable is forgotten in a minute") {
  for (std::uint32_t number = 0; number < Cache::capacity; ++number) insert(number);
  pass(7 * minute);
  for (int i = 0; i < 128; ++i) advance();
  CHECK(Cache::capacity - cache.size() >= Cache::comfortable / 2);
  CHECK(Cache::capacity - cache.size() < Cache::comfortable / 2 + 128);
}

TEST_CASE_METHOD(Fixture, "where there is no more room, something that was not used for long makes some") {
  for (std::uint32_t number = 0; number < Cache::capacity; ++number) insert(number);
  now = base::later(now, 1000);
  for (std::uint32_t number = 0; number < Cache::capacity; ++number)
    if (number % 2 == 0) CHECK(knows(number));
  for (std::uint32_t number = 0; number < 1000; ++number) insert(Cache::capacity + number);
  CHECK(cache.size() == Cache::capacity);
  CHECK(forgotten.size() == 1000);
  for (const std::uint32_t number : forgotten) CHECK(number % 2 == 1);
  for (std::uint32_t number = 0; number < 1000; ++number) CHECK(knows(Cache::capacity + number));
}

TEST_CASE_METHOD(Fixture, "memory goes round: many times as many destinations as there is room for") {
  for (std::uint32_t number = 0; number < 10 * Cache::capacity; ++number) {
    insert(number);
    if (number % 1000 == 0) CHECK(knows(number));
  }
  CHECK(cache.size() == Cache::capacity);
  CHECK(forgotten.size() == 9 * Cache::capacity);
}
