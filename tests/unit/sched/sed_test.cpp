// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

Balance added(std::uint32_t weight11, std::uint32_t weight12, std::uint32_t weight13) {
  Balance balance("sed");
  balance.add(11, weight11);
  balance.add(12, weight12);
  balance.add(13, weight13);
  return balance;
}

}  // namespace

TEST_CASE("sed's order with weights 3, 2, 1, as seen on a kernel") {
  CHECK(added(3, 2, 1).open_many(10) == Chosen{11, 12, 11, 13, 12, 11, 11, 12, 11, 13});
}

TEST_CASE("sed prefers the newest server on a tie, which equal weights make of idle ones") {
  CHECK(added(1, 1, 1).open_many(4) == Chosen{13, 12, 11, 13});
  CHECK(added(2, 1, 2).open_many(4) == Chosen{13, 11, 13, 12});  // 1/2 1/2; then 2/2 1/1 2/2
}

TEST_CASE("sed does not look at inactive connections") {
  Balance balance = added(1, 1, 1);
  balance.line(13).inactive.set(0xffffffffu);
  CHECK(balance.pick() == 13);
  balance.line(13).active.set(1);
  CHECK(balance.pick() == 12);
}

TEST_CASE("large counts times large weights do not wrap in sed") {
  Balance balance = added(65535, 65534, 65533);
  for (const unsigned server : {11u, 12u, 13u}) balance.line(server).active.set(0xffffffffu);
  CHECK(balance.pick() == 11);
  balance.edit(11, 65532);
  CHECK(balance.pick() == 12);
}

TEST_CASE("sed counts the connections of all workers") {
  Balance balance("sed", 2);
  balance.add(11, 2);
  balance.add(12, 1);
  balance.line(11, 0).active.set(1);
  balance.line(11, 1).active.set(1);
  CHECK(balance.pick(0) == 12);
  balance.line(12, 1).active.set(1);
  CHECK(balance.pick(1) == 11);
}
