// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <map>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

Balance added(std::uint32_t weight11, std::uint32_t weight12, std::uint32_t weight13) {
  Balance balance("wrr");
  balance.add(11, weight11);
  balance.add(12, weight12);
  balance.add(13, weight13);
  return balance;
}

}  // namespace

TEST_CASE("wrr's order and its phase at the start, as seen on a kernel") {
  CHECK(added(3, 2, 1).open_many(12) == Chosen{13, 12, 11, 11, 12, 11, 13, 12, 11, 11, 12, 11});
  CHECK(added(4, 3, 2).open_many(12) == Chosen{13, 12, 11, 11, 12, 11, 13, 12, 11, 13, 12, 11});
  CHECK(added(30, 20, 10).open_many(6) == Chosen{13, 12, 11, 11, 12, 11});
}

TEST_CASE("a service that comes into being with its servers behaves as if they had been added one by one") {
  const auto [w11, w12, w13] = GENERATE(table<std::uint32_t, std::uint32_t, std::uint32_t>(
      {{3, 2, 1}, {4, 3, 2}, {30, 20, 10}, {1, 1, 1}, {0, 5, 0}, {65535, 1, 65534}, {6, 4, 9}}));
  Balance at_once("wrr");
  at_once.create_with({{11, w11}, {12, w12}, {13, w13}});
  CHECK(at_once.open_many(50) == added(w11, w12, w13).open_many(50));
}

TEST_CASE("from every phase wrr gives each server its weight in any full round") {
  // Opens before an edit that changes nothing set the phase that the kernel starts a round in.
  for (std::size_t phase = 0; phase < 9; ++phase) {
    CAPTURE(phase);
    Balance balance = added(4, 3, 2);
    balance.open_many(phase);
    std::map<unsigned, int> counts;
    for (const unsigned server : balance.open_many(9)) ++counts[server];
    CHECK(counts == std::map<unsigned, int>{{11, 4}, {12, 3}, {13, 2}});
  }
}

TEST_CASE("an edit puts wrr back to the head of the list and keeps its level") {
  // Weights 4, 3, 2 with levels 1 2 1 4 3 2 1: after so many opens, an edit to the same weight, then these follow.
  const auto [opens, then] = GENERATE(table<std::size_t, Chosen>({
      {0, {13, 12, 11, 11, 12, 11}},
      {1, {13, 12, 11, 11, 12, 11}},
      {3, {13, 12, 11, 11, 12, 11}},
      {4, {11, 12, 11, 13, 12, 11}},
      {5, {12, 11, 13, 12, 11, 13}},
      {6, {12, 11, 13, 12, 11, 13}},
      {7, {13, 12, 11, 13, 12, 11}},
      {9, {13, 12, 11, 13, 12, 11}},
      {10, {13, 12, 11, 11, 12, 11}},
  }));
  Balance balance = added(4, 3, 2);
  balance.open_many(opens);
  balance.edit(12, 3);
  CAPTURE(opens);
  CHECK(balance.open_many(6) == then);
}

TEST_CASE("a level above the new highest is brought down to it") {
  Balance balance = added(3, 2, 1);
  balance.open_many(3);  // the next level is 3
  balance.open_many(1);
  balance.edit(11, 1);
  balance.edit(12, 1);
  CHECK(balance.open_many(4) == Chosen{13, 12, 11, 13});
}

TEST_CASE("a level is rounded to the new common divisor") {
  // Weights 8 and 7 with levels 1 8 7 6 5 4 3 2; then 8 and 4, with levels 5 and 1.
  const auto [opens, then] = GENERATE(table<std::size_t, Chosen>({
      {8, {11, 12, 11, 11, 12, 11}},   // from level 5, which is a level still
      {10, {11, 12, 11, 11, 12, 11}},  // from level 4, up to 5
      {12, {12, 11, 11, 12, 11, 11}},  // from level 3, down to 1
  }));
  Balance balance("wrr");
  balance.add(11, 8);
  balance.add(12, 7);
  balance.open_many(opens);
  balance.edit(12, 4);
  CAPTURE(opens);
  CHECK(balance.open_many(6) == then);
}

TEST_CASE("one server gets everything, at any weight") {
  Balance balance("wrr");
  balance.add(11, 65535);
  CHECK(balance.open_many(3) == Chosen{11, 11, 11});
}

TEST_CASE("when the heaviest server is deleted and comes back, shares follow") {
  Balance balance = added(3, 2, 1);
  balance.open_many(5);
  balance.remove(11);
  std::map<unsigned, int> counts;
  for (const unsigned server : balance.open_many(30)) ++counts[server];
  CHECK(counts == std::map<unsigned, int>{{12, 20}, {13, 10}});
  balance.add(11, 3);
  counts.clear();
  for (const unsigned server : balance.open_many(60)) ++counts[server];
  CHECK(counts == std::map<unsigned, int>{{11, 30}, {12, 20}, {13, 10}});
}

TEST_CASE("wrr starts at the highest level when a service is edited to have it") {
  Balance balance("rr");
  balance.add(11, 3);
  balance.add(12, 2);
  balance.add(13, 1);
  balance.use("wrr");
  CHECK(balance.open_many(12) == Chosen{11, 12, 11, 13, 12, 11, 11, 12, 11, 13, 12, 11});
}
