// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/kernel.hpp"

#include <catch2/catch.hpp>

#include "unit/route/values.hpp"

using namespace fairway;
using namespace fairway::route;

namespace {

/// What apply says it changed, as text: "", "routes", "neighbours" or "routes neighbours".
std::string changes_of(KernelState& kernel, const Event& event) {
  const Changes changes = apply(kernel, event);
  return std::string(changes.routes ? "routes" : "") + (changes.routes && changes.neighbours ? " " : "") +
         (changes.neighbours ? "neighbours" : "");
}

}  // namespace

TEST_CASE("links come, change and go with all that is on them") {
  KernelState kernel;
  Link fw = link(2, "fw0", "02:00:00:00:00:00");
  CHECK(changes_of(kernel, LinkEvent{fw}) == "routes");
  CHECK(changes_of(kernel, LinkEvent{fw}) == "");
  fw.carrier = false;
  CHECK(changes_of(kernel, LinkEvent{fw}) == "routes");
  CHECK_FALSE(kernel.links.at(2).carrier);

  kernel.addresses = {{.link = 2, .prefix = prefix("10.0.0.1/24")}, {.link = 3, .prefix = prefix("10.0.1.1/24")}};
  kernel.neighbours[{2, address("10.0.0.9")}] = reachable("02:00:00:00:00:09");
  kernel.neighbours[{3, address("10.0.1.9")}] = reachable("02:00:00:00:00:09");
  CHECK(changes_of(kernel, LinkEvent{fw, true}) == "routes neighbours");
  CHECK(kernel.links.empty());
  CHECK(kernel.addresses.size() == 1);
  CHECK(kernel.neighbours.size() == 1);
  CHECK(changes_of(kernel, LinkEvent{fw, true}) == "");
}

TEST_CASE("addresses are one for each prefix of a link") {
  KernelState kernel;
  LinkAddress first{.link = 2, .prefix = prefix("2001:db8::5/64"), .usable = false};
  CHECK(changes_of(kernel, AddressEvent{first}) == "routes");
  CHECK(changes_of(kernel, AddressEvent{first}) == "");
  first.usable = true;
  CHECK(changes_of(kernel, AddressEvent{first}) == "routes");
  CHECK(kernel.addresses == std::vector{first});
  CHECK(changes_of(kernel, AddressEvent{{.link = 3, .prefix = first.prefix}, true}) == "");
  CHECK(changes_of(kernel, AddressEvent{{.link = 2, .prefix = prefix("2001:db8::5/128")}, true}) == "");
  CHECK(changes_of(kernel, AddressEvent{first, true}) == "routes");
  CHECK(kernel.addresses.empty());
}

TEST_CASE("a neighbour that is only in another state changes nothing") {
  KernelState kernel;
  const NeighbourKey key{2, address("10.0.0.9")};
  Neighbour neighbour = reachable("02:00:00:00:00:09");
  CHECK(changes_of(kernel, NeighbourEvent{{key, neighbour}}) == "neighbours");
  neighbour.state = NeighbourState::probe;
  CHECK(changes_of(kernel, NeighbourEvent{{key, neighbour}}) == "");
  CHECK(kernel.neighbours.at(key).state == NeighbourState::probe);
  neighbour = {.state = NeighbourState::failed};
  CHECK(changes_of(kernel, NeighbourEvent{{key, neighbour}}) == "neighbours");
  CHECK(changes_of(kernel, NeighbourEvent{{key, neighbour}, true}) == "neighbours");
  CHECK(kernel.neighbours.empty());
  CHECK(changes_of(kernel, NeighbourEvent{{key, neighbour}, true}) == "");
}

TEST_CASE("of a route's change it is only told") {
  KernelState kernel;
  CHECK(changes_of(kernel, RouteEvent{direct_route("10.0.0.0/8", 2)}) == "routes");
  CHECK(kernel.routes.empty());
}

TEST_CASE("states are written as iproute2 writes them") {
  CHECK(to_string(NeighbourState::reachable) == "REACHABLE");
  CHECK(to_string(NeighbourState::none) == "NONE");
  CHECK(to_string(static_cast<NeighbourState>(0x4000)) == "UNKNOWN");
}
