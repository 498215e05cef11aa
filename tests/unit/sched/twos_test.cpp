// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <map>

#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;

namespace {

std::map<unsigned, int> pick_many(Balance& balance, int count = 60'000) {
  std::map<unsigned, int> counts;
  for (int i = 0; i < count; ++i) ++counts[balance.pick()];
  return counts;
}

}  // namespace

TEST_CASE("without load twos draws by weight, the first in the list from one number more than its weight") {
  Balance balance("twos");
  balance.add(11, 3);
  balance.add(12, 2);
  balance.add(13, 1);
  auto counts = pick_many(balance);
  CHECK(counts[11] == Approx(60'000 * 3 / 7).epsilon(0.03));
  CHECK(counts[12] == Approx(60'000 * 2 / 7).epsilon(0.03));
  CHECK(counts[13] == Approx(60'000 * 2 / 7).epsilon(0.03));
}

TEST_CASE("of the two that twos draws the less loaded one is chosen") {
  Balance balance("twos");
  balance.add(11, 50);
  balance.add(12, 50);
  balance.line(11).active.set(1);
  balance.line(12).inactive.set(255);
  CHECK(pick_many(balance)[12] == Approx(45'000).epsilon(0.03));  // unless 11 is drawn twice
  balance.edit(11, 100);
  CHECK(pick_many(balance)[11] == Approx(60'000 * 8 / 9).epsilon(0.03));  // 128 for its weight of 50
}

TEST_CASE("heavy servers under heavy load do not wrap in twos") {
  Balance balance("twos");
  balance.add(11, 65535);
  balance.add(12, 65535);
  balance.line(11).active.set(0xffffffffu);
  balance.line(12).active.set(0xfffffff0u);
  CHECK(pick_many(balance)[12] == Approx(45'000).epsilon(0.03));
}

TEST_CASE("many heavy servers are drawn alike") {
  Balance balance("twos");
  std::vector<std::pair<unsigned, std::uint32_t>> servers;
  for (unsigned server = 1; server <= 5000; ++server) servers.emplace_back(server, 65535);
  balance.create_with(servers);
  const auto counts = pick_many(balance);
  CHECK(counts.size() > 4990);
  for (const auto& [server, count] : counts) CHECK(count < 40);
}

TEST_CASE("one server gets everything from twos") {
  Balance balance("twos");
  balance.add(11, 1);
  balance.add(12, 0);
  CHECK(pick_many(balance, 100) == std::map<unsigned, int>{{11, 100}});
}

TEST_CASE("twos keeps loads closer together than chance would") {
  Balance balance("twos");
  for (unsigned server = 1; server <= 100; ++server) balance.add(server, 1);
  for (int i = 0; i < 10'000; ++i) balance.open();
  std::uint32_t most = 0, least = 1000;
  for (unsigned server = 1; server <= 100; ++server) {
    most = std::max(most, balance.line(server).active.get());
    least = std::min(least, balance.line(server).active.get());
  }
  CHECK(most <= 104);  // drawing one: about 125
  CHECK(least >= 90);  // about 76
}
