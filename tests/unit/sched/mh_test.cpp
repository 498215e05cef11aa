// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <set>

#include "support/clients.hpp"

using namespace fairway;
using namespace fairway::tests;
using service::SchedulerFlag;

TEST_CASE("mh chooses as a kernel was seen to") {
  Balance balance = three_two_one("mh");
  CHECK(choices_for_clients(balance) == "122121233231312112112231222221112111233311312112132132232113");
  balance.edit(12, 0);
  CHECK(choices_for_clients(balance) == "1--1-1-33-3131-11-11--31-----111-111-3331131-11-13-13--3-113");
  balance.set_flag(SchedulerFlag::mh_fallback);
  CHECK(choices_for_clients(balance) == "111131133331311113111331111111111111333311311111131131131113");
}

TEST_CASE("mh with mh-port chooses as a kernel was seen to") {
  Balance balance = three_two_one("mh");
  balance.set_flag(SchedulerFlag::mh_port);
  CHECK(choices_for_clients(balance) == "331132131212132221211211212212121111311111212211113111221113");
}

TEST_CASE("mh with weights far apart, one of them 0, chooses as a kernel was seen to") {
  Balance balance("mh");
  balance.add(11, 1000);
  balance.add(12, 500);
  balance.add(13, 1);
  balance.add(14, 0);
  CHECK(choices_for_clients(balance) == "122111212221111112112211222221112111221211112112111112232111");
}

TEST_CASE("a server that was added to mh with weight 0 gets clients when it is first edited, and keeps them at 0") {
  Balance balance("mh");
  balance.add(11, 1);
  balance.add(12, 0);
  CHECK(choices_for_clients(balance) == std::string(60, '1'));
  balance.edit(12, 1);
  const std::string both = choices_for_clients(balance);
  CHECK(std::count(both.begin(), both.end(), '2') > 10);
  balance.edit(12, 0);
  std::string expected = both;
  std::replace(expected.begin(), expected.end(), '2', '-');
  CHECK(choices_for_clients(balance) == expected);
  balance.remove(12);  // comes back with 0: it starts anew
  balance.add(12, 0);
  CHECK(choices_for_clients(balance) == std::string(60, '1'));
}

TEST_CASE("mh serves nobody while no server ever had a weight") {
  Balance balance("mh");
  CHECK(balance.pick() == Balance::none);
  balance.add(11, 0);
  balance.add(12, 0);
  balance.set_flag(SchedulerFlag::mh_fallback);
  CHECK(choices_for_clients(balance) == std::string(60, '-'));
  balance.edit(11, 1);
  CHECK(choices_for_clients(balance) == std::string(60, '1'));
  balance.edit(11, 0);
  CHECK(choices_for_clients(balance) == std::string(60, '-'));
}

TEST_CASE("mh serves clients by weight") {
  Balance balance("mh");
  balance.add(11, 3000);
  balance.add(12, 2000);
  balance.add(13, 1000);
  Clients clients(balance, 60'000);
  const auto count = [&](unsigned server) {
    return std::count(clients.served_by.begin(), clients.served_by.end(), server);
  };
  CHECK(count(11) == Approx(30'000).epsilon(0.03));
  CHECK(count(12) == Approx(20'000).epsilon(0.03));
  CHECK(count(13) == Approx(10'000).epsilon(0.03));
}

TEST_CASE("the heaviest server of mh takes up to 63 turns, and the lightest at least one") {
  Balance balance("mh");
  balance.add(11, 65535);
  balance.add(12, 1);  // one turn to 63
  Clients clients(balance, 64'000);
  CHECK(std::count(clients.served_by.begin(), clients.served_by.end(), 12u) == Approx(1000).epsilon(0.15));
}

TEST_CASE("when one of ten servers leaves mh, one in fifty clients of the others moves, or fewer") {
  Balance balance("mh");
  for (unsigned server = 11; server <= 20; ++server) balance.add(server, 1);
  Clients clients(balance);
  balance.remove(15);
  const auto moved = clients.moved(15);
  CHECK(moved.all == Approx(0.1).margin(0.03));
  CHECK(moved.needlessly < 0.02);
}

TEST_CASE("mh has room for as many servers as slots; one more gets nothing, as in the kernel") {
  constexpr unsigned slots = 4093;
  Balance balance("mh");
  std::vector<std::pair<unsigned, std::uint32_t>> servers;
  for (unsigned server = 1; server <= slots + 1; ++server) servers.emplace_back(server, 1);
  balance.create_with(servers);
  const auto serving = [&] {
    const auto served_by = Clients(balance, 100'000).served_by;
    return std::set<unsigned>(served_by.begin(), served_by.end());
  };
  CHECK(serving().size() == slots);
  CHECK_FALSE(serving().contains(slots + 1));
  balance.remove(1);
  CHECK(serving().size() == slots);
  CHECK(serving().contains(slots + 1));
}
