// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

Balance three() {
  Balance balance("lc");
  for (const unsigned server : {11u, 12u, 13u}) balance.add(server);
  return balance;
}

}  // namespace

TEST_CASE("lc prefers the newest server on a tie, and looks at no weight but zero") {
  CHECK(three().open_many(6) == Chosen{13, 12, 11, 13, 12, 11});
  Balance balance("lc");
  balance.add(11, 1);
  balance.add(12, 0);
  balance.add(13, 1000);
  CHECK(balance.open_many(4) == Chosen{13, 11, 13, 11});
}

TEST_CASE("an active connection counts as 256 inactive ones") {
  Balance balance = three();
  balance.line(13).inactive.set(256);
  balance.line(12).active.set(1);
  balance.line(11).active.set(2);
  CHECK(balance.pick() == 13);
  balance.line(13).inactive.set(257);
  CHECK(balance.pick() == 12);
  balance.line(11).active.set(0);
  balance.line(11).inactive.set(255);
  CHECK(balance.pick() == 11);
}

TEST_CASE("connections of all workers count") {
  Balance balance("lc", 3);
  for (const unsigned server : {11u, 12u, 13u}) balance.add(server);
  balance.line(13, 1).active.set(1);
  balance.line(12, 2).inactive.set(1);
  CHECK(balance.pick(0) == 11);
  balance.line(11, 0).inactive.set(2);
  CHECK(balance.pick(2) == 12);
}

TEST_CASE("loads near the largest number do not wrap") {
  Balance balance = three();
  balance.line(13).active.set(0xffffffffu);
  balance.line(12).active.set(0x01000000u);  // times 256: 2^32
  balance.line(11).active.set(0x01000001u);
  CHECK(balance.pick() == 12);
}

TEST_CASE("a server that was deleted and added again is first in the list and keeps its connections") {
  Balance balance = three();
  balance.open_many(3);
  balance.remove(11);
  balance.add(11);
  CHECK(balance.open_many(4) == Chosen{11, 13, 12, 11});
}
