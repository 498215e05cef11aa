// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

Balance added(std::uint32_t weight11, std::uint32_t weight12, std::uint32_t weight13) {
  Balance balance("nq");
  balance.add(11, weight11);
  balance.add(12, weight12);
  balance.add(13, weight13);
  return balance;
}

}  // namespace

TEST_CASE("nq's order with weights 3, 2, 1, as seen on a kernel") {
  CHECK(added(3, 2, 1).open_many(10) == Chosen{13, 12, 11, 11, 12, 11, 11, 12, 11, 13});
}

TEST_CASE("an idle server comes first in nq, however light and however many inactive connections it has") {
  Balance balance = added(65535, 1, 65535);
  balance.open_many(20);
  balance.line(12).active.set(0);
  balance.line(12).inactive.set(1'000'000);
  CHECK(balance.pick() == 12);
  balance.edit(12, 0);
  CHECK(balance.pick() != 12);
}

TEST_CASE("of several idle servers nq takes the newest") {
  Balance balance = added(1, 1, 1);
  balance.line(13).active.set(1);
  CHECK(balance.pick() == 12);
}

TEST_CASE("a server that is idle on this worker only is not idle for nq") {
  Balance balance("nq", 2);
  balance.add(11, 1);
  balance.add(12, 100);
  balance.line(12, 1).active.set(1);
  CHECK(balance.pick(0) == 11);
  balance.line(11, 1).active.set(1);
  CHECK(balance.pick(0) == 12);
}
