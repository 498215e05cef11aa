// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <map>

#include "support/clients.hpp"

using namespace fairway;
using namespace fairway::tests;
using service::SchedulerFlag;

TEST_CASE("sh chooses as a kernel was seen to") {
  Balance balance = three_two_one("sh");
  CHECK(choices_for_clients(balance) == "211112131311212232321211212111111313232121323212111121311212");
  balance.edit(12, 0);
  CHECK(choices_for_clients(balance) == "31313-11111-1-1-1-13131-1313111111-111-1-13131-1313111311111");
  balance.set_flag(SchedulerFlag::sh_fallback);
  CHECK(choices_for_clients(balance) == "313131111111111111131311131311111111111111313111313111311111");
}

TEST_CASE("sh with sh-port chooses as a kernel was seen to") {
  Balance balance = three_two_one("sh");
  balance.set_flag(SchedulerFlag::sh_port);
  CHECK(choices_for_clients(balance) == "222211112333112221111223311122111122231111331112222111133311");
}

TEST_CASE("sh gives buckets by weight, and one to a server of weight 0, whose clients nobody serves") {
  Balance balance("sh");
  balance.add(11, 255);
  balance.add(12, 0);
  std::map<unsigned, int> buckets;
  // Every bucket once: the multiplier is odd, so some number leads to each.
  for (std::uint32_t bucket = 0; bucket < 256; ++bucket) {
    std::uint32_t client = 0;
    while ((client * 0x61c88647u) >> 24 != bucket) ++client;
    balance.come_from(client, 1);
    ++buckets[balance.pick()];
  }
  CHECK(buckets == std::map<unsigned, int>{{Balance::none, 1}, {11, 255}});
}

TEST_CASE("a weight that fills the whole table of sh leaves nothing to older servers") {
  Balance balance("sh");
  balance.add(11, 100);
  balance.add(12, 65535);
  Clients clients(balance);
  CHECK(std::count(clients.served_by.begin(), clients.served_by.end(), 12u) == 20'000);
}

TEST_CASE("with sh-port the ports of one client lead to different servers, without to the same") {
  Balance balance = three_two_one("sh");
  std::map<unsigned, int> chosen;
  const auto look = [&] {
    chosen.clear();
    for (std::uint16_t port = 1; port < 1000; ++port) {
      balance.come_from(0xcb007101u, port);
      ++chosen[balance.pick()];
    }
  };
  look();
  CHECK(chosen.size() == 1);
  balance.set_flag(SchedulerFlag::sh_port);
  look();
  CHECK(chosen.size() == 3);
  CHECK(chosen[11] == Approx(500).margin(30));
  CHECK(chosen[13] == Approx(167).margin(30));
}

TEST_CASE("one server of sh serves everybody, and when all are quiesced nobody is served, fallback or not") {
  Balance balance("sh");
  balance.add(11, 1);
  CHECK(choices_for_clients(balance) == std::string(60, '1'));
  balance.set_flag(SchedulerFlag::sh_fallback);
  balance.edit(11, 0);
  CHECK(choices_for_clients(balance) == std::string(60, '-'));
}

TEST_CASE("when one of ten servers leaves sh, most clients of the others move") {
  Balance balance("sh");
  for (unsigned server = 11; server <= 20; ++server) balance.add(server, 1);
  Clients clients(balance);
  balance.remove(15);
  CHECK(clients.moved(15).needlessly > 0.7);
}
