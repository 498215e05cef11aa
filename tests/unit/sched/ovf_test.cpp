// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

Balance added(std::uint32_t weight11, std::uint32_t weight12, std::uint32_t weight13) {
  Balance balance("ovf");
  balance.add(11, weight11);
  balance.add(12, weight12);
  balance.add(13, weight13);
  return balance;
}

}  // namespace

TEST_CASE("ovf gives each server one more than its weight, the heaviest first, then nobody, as seen on a kernel") {
  CHECK(added(3, 2, 1).open_many(11) == Chosen{11, 11, 11, 11, 12, 12, 12, 13, 13, Balance::none, Balance::none});
}

TEST_CASE("of equally heavy servers ovf fills the newest first") {
  CHECK(added(1, 2, 2).open_many(8) == Chosen{13, 13, 13, 12, 12, 12, 11, 11});
}

TEST_CASE("ovf goes back to a heavier server as soon as one of its connections ends") {
  Balance balance = added(3, 2, 1);
  balance.open_many(6);
  balance.line(11).active.subtract(1);
  CHECK(balance.open_many(2) == Chosen{11, 12});
}

TEST_CASE("inactive connections do not fill a server of ovf") {
  Balance balance = added(1, 1, 1);
  balance.line(13).inactive.set(1000);
  CHECK(balance.open_many(3) == Chosen{13, 13, 12});
}

TEST_CASE("a raised weight makes room in ovf, a lowered one takes it away") {
  Balance balance = added(1, 1, 1);
  balance.open_many(6);
  CHECK(balance.open() == Balance::none);
  balance.edit(12, 2);
  CHECK(balance.open_many(2) == Chosen{12, Balance::none});
  balance.line(12).active.set(2);
  balance.edit(12, 1);
  CHECK(balance.open() == Balance::none);
  balance.line(12).active.set(1);
  CHECK(balance.open() == 12);
}

TEST_CASE("ovf counts the connections of all workers") {
  Balance balance("ovf", 2);
  balance.add(11, 1);
  balance.add(12, 2);
  balance.line(12, 0).active.set(1);
  balance.line(12, 1).active.set(2);
  CHECK(balance.pick(0) == 11);
  balance.line(12, 0).active.set(0);
  CHECK(balance.pick(1) == 12);
}
