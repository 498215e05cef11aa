// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <map>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;

namespace {

/// Who serves the destinations 198.51.100.0 and following.
std::vector<unsigned> choices_for_destinations(Balance& balance, std::uint32_t count = 1000) {
  std::vector<unsigned> chosen;
  for (std::uint32_t i = 0; i < count; ++i) {
    balance.go_to(0xc6336400u + i);
    chosen.push_back(balance.pick());
  }
  return chosen;
}

Balance three() {
  Balance balance("dh");
  balance.add(11, 1);
  balance.add(12, 2);
  balance.add(13, 65535);
  return balance;
}

}  // namespace

TEST_CASE("dh goes by the destination alone, and weights do not matter to it") {
  Balance balance = three();
  const auto chosen = choices_for_destinations(balance);
  for (const unsigned server : {11u, 12u, 13u})
    CHECK(std::count(chosen.begin(), chosen.end(), server) == Approx(333).margin(25));
  balance.come_from(0xcb007101u, 1234);
  CHECK(choices_for_destinations(balance) == chosen);
  balance.edit(12, 40000);
  CHECK(choices_for_destinations(balance) == chosen);
}

TEST_CASE("buckets of dh are dealt out from the newest server on") {
  Balance balance = three();
  for (const auto& [destination, bucket] : std::map<std::uint32_t, unsigned>{{0, 0}, {1, 0x61}, {2, 0xc3}, {3, 0x25}}) {
    balance.go_to(destination);
    CHECK(balance.pick() == 13 - bucket % 3);
  }
}

TEST_CASE("a destination whose server is quiesced is served by nobody in dh, and by the same again later") {
  Balance balance = three();
  const auto before = choices_for_destinations(balance);
  balance.edit(12, 0);
  const auto meanwhile = choices_for_destinations(balance);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(meanwhile[i] == (before[i] == 12 ? Balance::none : before[i]));
  balance.edit(12, 1);
  CHECK(choices_for_destinations(balance) == before);
}

TEST_CASE("a server that comes and goes again leaves dh as it was") {
  Balance balance = three();
  const auto before = choices_for_destinations(balance);
  balance.add(14, 1);
  const auto with_another = choices_for_destinations(balance);
  CHECK(std::count(with_another.begin(), with_another.end(), 14u) > 200);
  balance.remove(14);
  CHECK(choices_for_destinations(balance) == before);
}

TEST_CASE("more servers than dh has buckets: the newest ones serve") {
  Balance balance("dh");
  for (unsigned server = 1; server <= 300; ++server) balance.add(server, 1);
  for (const unsigned server : choices_for_destinations(balance)) CHECK(server > 300 - 256);
}
