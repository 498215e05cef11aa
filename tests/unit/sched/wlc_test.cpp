// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

Balance added(std::uint32_t weight11, std::uint32_t weight12, std::uint32_t weight13) {
  Balance balance("wlc");
  balance.add(11, weight11);
  balance.add(12, weight12);
  balance.add(13, weight13);
  return balance;
}

}  // namespace

TEST_CASE("wlc's order with weights 3, 2, 1, as seen on a kernel") {
  CHECK(added(3, 2, 1).open_many(10) == Chosen{13, 12, 11, 11, 12, 11, 13, 12, 11, 11});
}

TEST_CASE("without load the newest server is first, whatever the weights") {
  CHECK(added(100, 2, 1).pick() == 13);
  CHECK(added(1, 2, 0).pick() == 12);
}

TEST_CASE("an active connection counts as 256 inactive ones, and both by weight") {
  Balance balance = added(2, 1, 1);
  balance.line(13).inactive.set(257);
  balance.line(12).active.set(1);
  balance.line(11).inactive.set(511);
  CHECK(balance.pick() == 11);
  balance.line(11).inactive.set(512);
  CHECK(balance.pick() == 12);  // 256 each: the one before it in the list
  balance.line(13).inactive.set(256);
  CHECK(balance.pick() == 13);
}

TEST_CASE("large loads times large weights do not wrap") {
  Balance balance = added(65535, 65534, 65533);
  for (const unsigned server : {11u, 12u, 13u}) balance.line(server).active.set(0xffffffffu);
  CHECK(balance.pick() == 11);
  balance.line(11).active.set(0);
  CHECK(balance.pick() == 11);
}

TEST_CASE("connections of all workers count, by weight") {
  Balance balance("wlc", 2);
  balance.add(11, 2);
  balance.add(12, 1);
  balance.line(11, 0).active.set(1);
  balance.line(11, 1).active.set(2);
  balance.line(12, 1).active.set(1);
  CHECK(balance.pick(0) == 12);
  balance.line(12, 0).active.set(1);
  CHECK(balance.pick(1) == 11);
}

TEST_CASE("a weight that changes while connections are open moves the shares") {
  Balance balance = added(1, 1, 1);
  balance.open_many(30);
  balance.edit(12, 4);
  Chosen chosen = balance.open_many(30);
  CHECK(std::count(chosen.begin(), chosen.end(), 12u) == 30);  // to forty against ten each
  chosen = balance.open_many(60);
  CHECK(std::count(chosen.begin(), chosen.end(), 12u) == 40);
}
