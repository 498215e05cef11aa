// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

Balance three() {
  Balance balance("rr");
  for (const unsigned server : {11u, 12u, 13u}) balance.add(server);
  return balance;
}

}  // namespace

TEST_CASE("rr goes round from the newest server to the oldest, as seen on a kernel") {
  CHECK(three().open_many(7) == Chosen{13, 12, 11, 13, 12, 11, 13});
}

TEST_CASE("rr looks at no weight but zero") {
  Balance balance("rr");
  balance.add(11, 100);
  balance.add(12, 0);
  balance.add(13, 1);
  CHECK(balance.open_many(4) == Chosen{13, 11, 13, 11});
}

TEST_CASE("rr goes on behind its last choice when a server is added at the head") {
  Balance balance = three();
  balance.open_many(2);
  balance.add(14);
  CHECK(balance.open_many(5) == Chosen{11, 14, 13, 12, 11});
}

TEST_CASE("rr begins with the newest server if it has not chosen yet") {
  Balance balance = three();
  balance.add(14);
  CHECK(balance.open_many(2) == Chosen{14, 13});
}

TEST_CASE("when rr's last choice is deleted, the one before it in the list takes its place") {
  Balance balance = three();
  SECTION("in the middle") {
    balance.open_many(2);
    balance.remove(12);
    CHECK(balance.open_many(3) == Chosen{11, 13, 11});
  }
  SECTION("at the head: the walk begins anew") {
    balance.open_many(1);
    balance.remove(13);
    CHECK(balance.open_many(3) == Chosen{12, 11, 12});
  }
  SECTION("at the end") {
    balance.open_many(3);
    balance.remove(11);
    CHECK(balance.open_many(3) == Chosen{13, 12, 13});
  }
  SECTION("together with the one before it, one after the other") {
    balance.open_many(2);
    balance.remove(12);
    balance.remove(13);
    balance.add(15);
    CHECK(balance.open_many(3) == Chosen{15, 11, 15});
  }
}

TEST_CASE("another server's deletion does not move rr") {
  Balance balance = three();
  balance.open_many(2);
  SECTION("before") {
    balance.remove(13);
    CHECK(balance.open_many(3) == Chosen{11, 12, 11});
  }
  SECTION("behind") {
    balance.remove(11);
    CHECK(balance.open_many(3) == Chosen{13, 12, 13});
  }
}

TEST_CASE("a server that comes back is at the head") {
  Balance balance = three();
  balance.open_many(2);
  balance.remove(12);
  balance.add(12);
  CHECK(balance.open_many(5) == Chosen{11, 12, 13, 11, 12});
}

TEST_CASE("a changed weight does not move rr") {
  Balance balance = three();
  balance.open_many(1);
  balance.edit(13, 5);
  balance.edit(12, 0);
  CHECK(balance.open_many(3) == Chosen{11, 13, 11});
}
