// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/hop_ids.hpp"

#include <catch2/catch.hpp>

#include "unit/route/values.hpp"

using namespace fairway;
using namespace fairway::route;

namespace {

HopKey key(const char* neighbour, std::uint16_t port = 0, std::uint16_t vlan = no_vlan) {
  return {.target = {{net::PortId{port}, vlan}, address(neighbour)}};
}

constexpr base::Stamp start{4'294'000'000};  // the clock wraps during these tests

}  // namespace

TEST_CASE("a next hop keeps its id, and each has its own") {
  HopIds ids;
  const NextHopId first = ids.get(key("10.0.0.1"));
  CHECK(first != no_next_hop);
  CHECK(ids.get(key("10.0.0.1")) == first);

  HopKey other_mtu = key("10.0.0.1"), other_source = key("10.0.0.1");
  other_mtu.mtu = 1400;
  other_source.source = address("10.0.0.254");
  std::set<NextHopId> all{first};
  for (const HopKey& each : {key("10.0.0.2"), key("10.0.0.1", 1), key("10.0.0.1", 0, 5), other_mtu, other_source}) {
    all.insert(ids.get(each));
    CHECK(ids.key(ids.get(each)) == each);
  }
  CHECK(all.size() == 6);
  CHECK(ids.end() == 7);
}

TEST_CASE("an id is given away only after an hour without use") {
  HopIds ids;
  const NextHopId id = ids.get(key("10.0.0.1"));
  ids.note_use(id, false, start);
  ids.note_use(id, false, base::later(start, HopIds::rest - 1));
  CHECK(ids.get(key("10.0.0.2")) != id);
  CHECK(ids.get(key("10.0.0.1")) == id);

  ids.note_use(id, false, base::later(start, HopIds::rest));
  CHECK_FALSE(ids.key(id));
  CHECK(ids.get(key("10.0.0.3")) == id);
  CHECK(ids.key(id) == key("10.0.0.3"));
  CHECK(ids.get(key("10.0.0.1")) != id);
}

TEST_CASE("use in between begins the hour anew") {
  HopIds ids;
  const NextHopId id = ids.get(key("10.0.0.1"));
  ids.note_use(id, false, start);
  ids.note_use(id, true, base::later(start, HopIds::rest));
  ids.note_use(id, false, base::later(start, HopIds::rest + 1));
  ids.note_use(id, false, base::later(start, 2 * HopIds::rest));
  CHECK(ids.key(id));
  ids.note_use(id, false, base::later(start, 2 * HopIds::rest + 1));
  CHECK_FALSE(ids.key(id));
  // Nobody has it now: being told of it changes nothing.
  ids.note_use(id, false, base::later(start, 4 * HopIds::rest));
  CHECK(ids.get(key("10.0.0.2")) == id);
  CHECK(ids.get(key("10.0.0.3")) != id);
}
