// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/lines.hpp"

#include <catch2/catch.hpp>

using namespace fairway::service;

TEST_CASE("a server's status holds its availability and next hop in one word") {
  ServerStatus status;
  CHECK_FALSE(status.get().available);
  CHECK(status.get().next_hop == 0);
  const bool available = GENERATE(true, false);
  const std::uint32_t next_hop = GENERATE(0u, 1u, 0x7fffffffu);
  status.set({.available = available, .next_hop = next_hop});
  CHECK(status.get().available == available);
  CHECK(status.get().next_hop == next_hop);
}

TEST_CASE("lines and statuses begin as zeros, up to the last id") {
  ServerLines lines = make_server_lines();
  const ServerStatuses statuses = make_server_statuses();
  for (const std::uint32_t id : {0u, 1u, max_servers - 1}) {
    CHECK(lines[id].connections.get() == 0);
    CHECK(lines[id].active.get() == 0);
    CHECK_FALSE(statuses[id].get().available);
  }
  lines[max_servers - 1].active.add(3);
  lines[max_servers - 1].active.subtract(1);
  CHECK(lines[max_servers - 1].active.get() == 2);
}

TEST_CASE("loads are sums over all workers") {
  ServerLines first = make_server_lines(), second = make_server_lines();
  const std::vector<const ServerLine*> both{first.get(), second.get()};
  const Loads loads(both);
  first[7].active.add(2);
  second[7].active.add(3);
  second[7].inactive.add(5);
  second[8].inactive.add(11);
  CHECK(loads.active({7}) == 5);
  CHECK(loads.inactive({7}) == 5);
  CHECK(loads.active({8}) == 0);
  CHECK(loads.inactive({8}) == 11);
}
