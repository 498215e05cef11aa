// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <set>

#include "sched/hash.hpp"
#include "support/balance.hpp"

using namespace fairway;
using tests::Balance;
using Chosen = std::vector<unsigned>;

namespace {

Balance added(std::uint32_t weight11, std::uint32_t weight12, std::uint32_t weight13) {
  Balance balance("lblc");
  balance.add(11, weight11);
  balance.add(12, weight12);
  balance.add(13, weight13);
  return balance;
}

unsigned open_to(Balance& balance, std::uint32_t destination, unsigned worker = 0) {
  balance.go_to(destination);
  return balance.open(worker);
}

constexpr std::uint32_t day = 24 * 60 * 60 * 1000;

}  // namespace

TEST_CASE("new destinations are shared out by lblc as connections are by wlc") {
  Balance balance = added(3, 2, 1);
  Chosen chosen;
  for (std::uint32_t destination = 0; destination < 10; ++destination) chosen.push_back(open_to(balance, destination));
  CHECK(chosen == Chosen{13, 12, 11, 11, 12, 11, 13, 12, 11, 11});
}

TEST_CASE("a destination stays with its server in lblc until that one is overburdened while another has leisure") {
  Balance balance = added(10, 10, 10);
  CHECK(open_to(balance, 1) == 13);
  balance.line(13).active.set(10);  // as many as its weight
  CHECK(balance.pick() == 13);
  balance.line(13).active.set(11);
  balance.line(12).active.set(5);  // half of its weight
  balance.line(11).active.set(5);
  CHECK(balance.pick() == 13);
  balance.line(11).active.set(4);
  CHECK(balance.pick() == 11);
  balance.line(13).active.set(0);
  CHECK(balance.pick() == 11);  // it has moved
}

TEST_CASE("a destination leaves a server of weight 0 and one that is gone, and does not go back to it by itself") {
  Balance balance = added(1, 1, 1);
  CHECK(open_to(balance, 1) == 13);
  balance.edit(13, 0);
  CHECK(balance.open() == 12);
  balance.edit(13, 1);
  CHECK(balance.pick() == 12);
  balance.remove(12);
  CHECK(balance.open() == 11);
  balance.add(12, 1);
  CHECK(balance.pick() == 11);
}

TEST_CASE("a server that comes back before anybody asked has its destinations still") {
  Balance balance = added(1, 1, 1);
  CHECK(open_to(balance, 1) == 13);
  balance.remove(13);
  balance.add(14, 1);
  balance.add(13, 1);
  CHECK(balance.pick() == 13);
}

TEST_CASE("lblc forgets a destination that was not used for a day") {
  Balance balance = added(1, 1, 1);
  CHECK(open_to(balance, 1) == 13);
  balance.now = base::later(balance.now, day - 1);
  CHECK(balance.pick() == 13);
  balance.now = base::later(balance.now, day + day / 24);
  CHECK(balance.pick() == 12);
}

TEST_CASE("a destination nobody can serve is not remembered") {
  Balance balance = added(0, 0, 0);
  CHECK(open_to(balance, 1) == Balance::none);
  balance.edit(11, 1);
  CHECK(balance.pick() == 11);
}

TEST_CASE("lblc tells IPv6 destinations apart") {
  net::PacketView packet;
  packet.family = net::Family::ipv6;
  packet.tuple6 = net::Tuple6();
  std::set<std::uint64_t> keys;
  for (const auto* text : {"2001:db8::1", "2001:db8::2", "2001:db8:1::1", "2001:db9::1", "::2001:db8:0:1"}) {
    packet.tuple6.destination = net::parse_address(text)->v6();
    keys.insert(sched::destination_key(packet));
  }
  CHECK(keys.size() == 5);
}

TEST_CASE("each worker of lblc remembers destinations of its own") {
  Balance balance("lblc", 2);
  for (const unsigned server : {11u, 12u, 13u}) balance.add(server, 1);
  CHECK(open_to(balance, 1, 0) == 13);
  CHECK(open_to(balance, 1, 1) == 12);
  CHECK(balance.pick(0) == 13);
  CHECK(balance.pick(1) == 12);
}

TEST_CASE("lblc finds its servers among thousands") {
  Balance balance("lblc");
  std::vector<std::pair<unsigned, std::uint32_t>> servers;
  for (unsigned server = 1; server <= 3000; ++server) servers.emplace_back(server * 7, 5);
  balance.create_with(servers);
  Chosen first, second;
  for (std::uint32_t destination = 0; destination < 3000; ++destination) first.push_back(open_to(balance, destination));
  for (std::uint32_t destination = 0; destination < 3000; ++destination)
    second.push_back(open_to(balance, destination));
  CHECK(first == second);
  CHECK(std::set<unsigned>(first.begin(), first.end()).size() == 3000);
}
