// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

Balance added(std::uint32_t weight11, std::uint32_t weight12, std::uint32_t weight13) {
  Balance balance("fo");
  balance.add(11, weight11);
  balance.add(12, weight12);
  balance.add(13, weight13);
  return balance;
}

}  // namespace

TEST_CASE("fo sends everything to the heaviest server") {
  CHECK(added(2, 3, 1).open_many(5) == Chosen{12, 12, 12, 12, 12});
  CHECK(added(65534, 65535, 65534).pick() == 12);
}

TEST_CASE("of equally heavy servers fo takes the newest") {
  CHECK(added(7, 7, 1).pick() == 12);
  CHECK(added(1, 1, 1).pick() == 13);
}

TEST_CASE("when the heaviest server leaves or is quiesced, fo goes over to the next one, and back") {
  Balance balance = added(2, 3, 1);
  balance.edit(12, 0);
  CHECK(balance.open() == 11);
  balance.remove(11);
  CHECK(balance.open() == 13);
  balance.edit(12, 3);
  CHECK(balance.open() == 12);
  balance.add(11, 3);
  CHECK(balance.open() == 11);  // as heavy, and the newest now
}
