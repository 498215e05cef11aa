// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/watch.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

using namespace fairway::service;

namespace {

using Changes = std::map<std::uint32_t, std::uint32_t>;  // server id → place

struct Fixture {
  ServerLines lines = make_server_lines();
  Watch watch{lines.get()};
  bool is_whole = true;

  Changes drain(Watch::Slot slot) {
    Changes changes;
    is_whole =
        watch.drain(slot, [&](ServerId id, std::uint32_t place) { CHECK(changes.emplace(id.value, place).second); });
    return changes;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a slot hears of each of its servers that has changed once, and of no other") {
  const auto first = watch.take(), second = watch.take();
  CHECK(first != second);
  for (std::uint32_t id = 0; id < 10; ++id) watch.put({id}, id < 5 ? first : second, 100 + id);
  for (const std::uint32_t id : {0u, 4u, 7u, 4u, 0u, 0u, 20u}) watch.note({id});
  CHECK(drain(first) == Changes{{0, 100}, {4, 104}});
  CHECK(drain(first).empty());
  watch.note({4});
  CHECK(drain(first) == Changes{{4, 104}});
  CHECK(drain(second) == Changes{{7, 107}});
  CHECK(is_whole);
}

TEST_CASE_METHOD(Fixture, "a server gets another place while it is in its slot's list") {
  const auto slot = watch.take();
  watch.put({1}, slot, 1);
  watch.note({1});
  watch.put({1}, slot, 9);
  CHECK(drain(slot) == Changes{{1, 9}});
  CHECK(is_whole);
}

TEST_CASE_METHOD(Fixture, "a slot whose list was broken up by another's claim is told that some may be missing") {
  const auto first = watch.take(), second = watch.take();
  for (const std::uint32_t id : {1u, 2u, 3u}) watch.put({id}, first, id);
  for (const std::uint32_t id : {1u, 2u, 3u}) watch.note({id});
  watch.put({2}, second, 0);
  watch.note({2});
  CHECK(drain(second) == Changes{{2, 0}});
  CHECK(is_whole);
  drain(first);
  CHECK_FALSE(is_whole);
  watch.note({3});
  CHECK(drain(first) == Changes{{3, 3}});
  CHECK(is_whole);
}

TEST_CASE_METHOD(Fixture, "slots that were given back are taken again, and old servers of theirs do no harm") {
  const auto slot = watch.take();
  watch.put({1}, slot, 0);
  watch.note({1});
  watch.give_back(slot);
  watch.note({1});
  const auto other = watch.take();
  CHECK(other == slot);
  CHECK(watch.take() != slot);
  CHECK(drain(other).empty());
  watch.put({2}, other, 5);
  watch.note({1});  // nobody's
  watch.note({2});
  CHECK(drain(other) == Changes{{1, 0}, {2, 5}});
}

TEST_CASE_METHOD(Fixture, "there are slots for every service that can have one") {
  std::set<Watch::Slot> slots;
  constexpr std::size_t services = max_servers / 17;
  for (std::size_t i = 0; i < services; ++i) slots.insert(watch.take());
  CHECK(slots.size() == services);
  CHECK_FALSE(slots.contains(0));
}
