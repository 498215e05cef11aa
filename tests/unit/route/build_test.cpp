// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/build.hpp"

#include <catch2/catch.hpp>
#include <cstring>

#include "unit/route/values.hpp"

using namespace fairway;
using namespace fairway::route;

namespace {

constexpr base::Stamp now{1000};
constexpr const char* client_mac = "02:00:00:00:0c:01";
constexpr const char* server_mac = "02:00:00:00:0c:02";

Target target(std::uint16_t port, const char* neighbour, std::uint16_t vlan = no_vlan) {
  return {{net::PortId{port}, vlan}, address(neighbour)};
}

/// Two twins, fw0 (link 2, 192.168.4.5/24) outside and fw1 (link 3, 10.0.0.1/24) inside, and a link 9 that is another's.
struct TwoArms {
  TwoArms() {
    kernel.links = {{2, link(2, "fw0", "02:00:00:00:00:00")},
                    {3, link(3, "fw1", "02:00:00:00:00:01")},
                    {9, link(9, "eth9", "02:00:00:00:00:09")}};
    kernel.addresses = {{.link = 2, .prefix = prefix("192.168.4.5/24")}, {.link = 3, .prefix = prefix("10.0.0.1/24")}};
    kernel.routes = {route_by("0.0.0.0/0", 2, "192.168.4.254"), direct_route("192.168.4.0/24", 2),
                     direct_route("10.0.0.0/24", 3)};
  }

  void neighbour(int link, const char* text, const char* mac_text) {
    kernel.neighbours[{link, address(text)}] = reachable(mac_text);
  }
  std::shared_ptr<const Snapshot> build() { return builder.build(kernel, wanted, now); }
  std::shared_ptr<const Snapshot> build_routes() {
    builder.take_routes(kernel);
    return build();
  }

  KernelState kernel;
  std::set<Target> wanted;
  Builder builder{{port_with_twin(0, "fw0"), port_with_twin(1, "fw1")}};
};

const NextHop& hop_to(const Snapshot& snapshot, const char* destination) {
  return snapshot.at(snapshot.find(address(destination), 0));
}

}  // namespace

TEST_CASE("a neighbour of the kernel becomes a finished next hop") {
  TwoArms arms;
  arms.neighbour(3, "10.0.0.9", server_mac);
  const auto snapshot = arms.build_routes();
  const NextHop& hop = hop_to(*snapshot, "10.0.0.9");
  CHECK(hop.resolved);
  CHECK(hop.port == net::PortId{1});
  CHECK(hop.mtu == 1500);
  CHECK(hop.source == address("10.0.0.1").v4());
  CHECK(hop.neighbour == address("10.0.0.9"));
  const std::uint8_t header[] = {2, 0, 0, 0, 0x0c, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00};
  REQUIRE(hop.header_length == 14);
  CHECK(std::memcmp(hop.header.data(), header, sizeof header) == 0);
}

TEST_CASE("gateways are known at once and resolved with their neighbour") {
  TwoArms arms;
  auto snapshot = arms.build_routes();
  CHECK(arms.builder.gateways() == std::set{target(0, "192.168.4.254")});
  const NextHopId id = snapshot->find(address("198.51.100.1"), 0);
  REQUIRE(id != no_next_hop);
  CHECK_FALSE(snapshot->at(id).resolved);
  CHECK(snapshot->at(id).source == address("192.168.4.5").v4());

  arms.neighbour(2, "192.168.4.254", client_mac);
  snapshot = arms.build();
  CHECK(snapshot->find(address("198.51.100.1"), 0) == id);
  CHECK(snapshot->at(id).resolved);
  // Without a word of MTU and source in its route, the gateway's next hop is that of the neighbour itself.
  CHECK(snapshot->find(address("192.168.4.254"), 0) == id);
}

TEST_CASE("neighbours without a MAC are known but not resolved, and vanish when the kernel forgets them") {
  TwoArms arms;
  arms.kernel.neighbours[{2, address("192.168.4.77")}] = {.state = NeighbourState::failed};
  auto snapshot = arms.build_routes();
  const NextHopId id = snapshot->find(address("192.168.4.77"), 0);
  CHECK(id != no_next_hop);
  CHECK_FALSE(snapshot->at(id).resolved);

  arms.kernel.neighbours.clear();
  snapshot = arms.build();
  CHECK(snapshot->find(address("192.168.4.77"), 0) == no_next_hop);

  arms.neighbour(2, "192.168.4.77", client_mac);
  snapshot = arms.build();
  CHECK(snapshot->find(address("192.168.4.77"), 0) == id);
  CHECK(snapshot->at(id).resolved);
}

TEST_CASE("wanted neighbours are known before they are resolved, by the id that was promised") {
  TwoArms arms;
  arms.build_routes();
  const NextHopId promised = arms.builder.next_hop_to(address("10.0.0.9"));
  CHECK(promised != no_next_hop);
  CHECK(arms.builder.target_of(address("10.0.0.9")) == target(1, "10.0.0.9"));
  CHECK(arms.builder.target_of(address("203.0.113.1")) == target(0, "192.168.4.254"));

  arms.wanted = {target(1, "10.0.0.9")};
  const auto snapshot = arms.build();
  CHECK(snapshot->find(address("10.0.0.9"), 0) == promised);
  CHECK_FALSE(snapshot->at(promised).resolved);
  CHECK(snapshot->at(promised).port == net::PortId{1});
}

TEST_CASE("nothing is published anew when nothing has changed, and the generations tell what has") {
  TwoArms arms;
  arms.neighbour(3, "10.0.0.9", server_mac);
  const auto first = arms.build_routes();
  CHECK(arms.build() == first);
  arms.kernel.neighbours[{3, address("10.0.0.9")}].state = NeighbourState::probe;
  CHECK(arms.build_routes() == first);

  arms.neighbour(3, "10.0.0.9", client_mac);
  const auto second = arms.build();
  CHECK(second->generation > first->generation);
  CHECK(second->routes_generation == first->routes_generation);
  CHECK(second->wanted_generation == first->wanted_generation);

  arms.wanted = {target(1, "10.0.0.10")};
  const auto third = arms.build();
  CHECK(third->routes_generation == first->routes_generation);
  CHECK(third->wanted_generation > second->wanted_generation);

  arms.kernel.routes.push_back(direct_route("10.0.1.0/24", 3));
  const auto fourth = arms.build_routes();
  CHECK(fourth->routes_generation > third->routes_generation);
  CHECK(fourth->wanted_generation > third->wanted_generation);
  // What was published stays as it was.
  CHECK(first->find(address("10.0.0.10"), 0) == no_next_hop);
  CHECK_FALSE(first->find_path(address("10.0.1.1"), 0)->on_link);
}

TEST_CASE("an address by a local route, as one of lo has it, is the director's like a port's") {
  TwoArms arms;
  const auto first = arms.build_routes();
  arms.kernel.routes.push_back({.destination = prefix("192.168.4.15/32"), .is_local = true});
  const auto second = arms.build_routes();
  CHECK_FALSE(first->is_local(address("192.168.4.15")));
  CHECK(second->find_server(address("192.168.4.15"), 0) == this_host);
  CHECK(second->routes_generation == first->routes_generation);
  CHECK(second->wanted_generation > first->wanted_generation);
  CHECK_FALSE(arms.builder.target_of(address("192.168.4.15")));
  CHECK(arms.build_routes() == second);
  arms.kernel.routes.pop_back();
  CHECK_FALSE(arms.build_routes()->is_local(address("192.168.4.15")));
}

TEST_CASE("a port's new address is a new snapshot, without new routes") {
  TwoArms arms;
  const auto first = arms.build_routes();
  arms.kernel.addresses.push_back({.link = 2, .prefix = prefix("192.168.4.15/32")});
  const auto second = arms.build_routes();
  CHECK_FALSE(first->is_local(address("192.168.4.15")));
  CHECK(second->is_local(address("192.168.4.15")));
  CHECK(second->routes_generation == first->routes_generation);
  CHECK(second->generation > first->generation);
  // A server of that address is the director itself from now on: it is looked up again, and nobody is asked for it.
  CHECK(second->wanted_generation > first->wanted_generation);
  CHECK(first->find_server(address("192.168.4.15"), 0) != this_host);
  CHECK(second->find_server(address("192.168.4.15"), 0) == this_host);
  CHECK_FALSE(arms.builder.target_of(address("192.168.4.15")));
  CHECK_FALSE(arms.builder.target_of(address("127.0.0.1")));
}

TEST_CASE("ids stay when neighbours, MACs and routes come and go") {
  TwoArms arms;
  arms.neighbour(3, "10.0.0.9", server_mac);
  arms.neighbour(3, "10.0.0.8", client_mac);
  const auto first = arms.build_routes();
  const NextHopId server = first->find(address("10.0.0.9"), 0), other = first->find(address("10.0.0.8"), 0);

  arms.kernel.neighbours.clear();
  arms.build();
  for (int i = 10; i < 20; ++i) arms.neighbour(3, ("10.0.0." + std::to_string(i)).c_str(), client_mac);
  arms.build();
  arms.neighbour(3, "10.0.0.9", client_mac);
  const auto last = arms.build();
  CHECK(last->find(address("10.0.0.9"), 0) == server);
  CHECK(last->find(address("10.0.0.8"), 0) == no_next_hop);
  CHECK_FALSE(last->at(other).resolved);
}

TEST_CASE("an old next hop stays right while its neighbour is known, whatever became of the route") {
  TwoArms arms;
  arms.neighbour(2, "192.168.4.254", client_mac);
  arms.kernel.routes[0].source = address("192.168.4.5");
  const NextHopId old = arms.build_routes()->find(address("203.0.113.1"), 0);
  arms.kernel.routes[0].source.reset();
  const auto snapshot = arms.build_routes();
  CHECK(snapshot->find(address("203.0.113.1"), 0) != old);
  CHECK(snapshot->at(old).resolved);
}

TEST_CASE("of routes to one destination the smallest metric counts, unless its link is dead") {
  TwoArms arms;
  arms.kernel.routes[0].metric = 20;
  arms.kernel.routes.push_back(route_by("0.0.0.0/0", 3, "10.0.0.254"));
  arms.kernel.routes.back().metric = 10;
  CHECK(arms.build_routes()->find_path(address("203.0.113.1"), 0)->port == net::PortId{1});
  arms.kernel.routes.back().hops[0].dead = true;
  CHECK(arms.build_routes()->find_path(address("203.0.113.1"), 0)->port == net::PortId{0});
  arms.kernel.routes.back() = {.destination = prefix("0.0.0.0/0"), .metric = 10, .hops = {}};
  CHECK(arms.build_routes()->find_path(address("203.0.113.1"), 0) == nullptr);
}

TEST_CASE("a route by another's link keeps its destinations from the default route") {
  TwoArms arms;
  arms.kernel.routes.push_back(direct_route("172.16.0.0/12", 9));
  const auto snapshot = arms.build_routes();
  CHECK(snapshot->find(address("172.16.0.1"), 0) == no_next_hop);
  CHECK(snapshot->find(address("172.32.0.1"), 0) != no_next_hop);
}

TEST_CASE("multipath spreads over gateways by weight, and leaves out what is dead or another's") {
  TwoArms arms;
  KernelRoute& route = arms.kernel.routes[0];
  route.hops = {{.link = 2, .gateway = address("192.168.4.253"), .weight = 3},
                {.link = 3, .gateway = address("10.0.0.254"), .weight = 1},
                {.link = 3, .gateway = address("10.0.0.253"), .weight = 9, .dead = true},
                {.link = 9, .gateway = address("172.16.0.1"), .weight = 9}};
  const auto snapshot = arms.build_routes();
  CHECK(arms.builder.gateways() == std::set{target(0, "192.168.4.253"), target(1, "10.0.0.254")});
  CHECK(snapshot->at(snapshot->find(address("203.0.113.1"), 0xbfffffff)).neighbour == address("192.168.4.253"));
  CHECK(snapshot->at(snapshot->find(address("203.0.113.1"), 0xc0000000)).neighbour == address("10.0.0.254"));
}

TEST_CASE("MTU and source are what the route says, else the link's") {
  TwoArms arms;
  arms.kernel.addresses.push_back({.link = 2, .prefix = prefix("192.168.4.6/24")});
  arms.kernel.routes[1].source = address("192.168.4.6");
  arms.kernel.routes[1].mtu = 1300;
  arms.kernel.routes.push_back(route_by("203.0.113.0/24", 2, "192.168.4.254"));
  arms.kernel.routes.back().mtu = 1400;
  arms.kernel.routes.back().source = address("192.168.4.5");
  arms.kernel.routes.push_back(route_by("198.51.100.0/24", 2, "192.168.4.254"));
  arms.kernel.routes.back().mtu = 9000;  // more than the link takes
  arms.neighbour(2, "192.168.4.77", client_mac);
  arms.neighbour(2, "192.168.4.254", server_mac);
  const auto snapshot = arms.build_routes();

  CHECK(hop_to(*snapshot, "192.168.4.77").mtu == 1300);
  CHECK(hop_to(*snapshot, "192.168.4.77").source == address("192.168.4.6").v4());
  CHECK(hop_to(*snapshot, "203.0.113.1").mtu == 1400);
  CHECK(hop_to(*snapshot, "203.0.113.1").source == address("192.168.4.5").v4());
  CHECK(hop_to(*snapshot, "203.0.113.1").resolved);
  CHECK(hop_to(*snapshot, "198.51.100.1").mtu == 1500);
}

TEST_CASE("an IPv4 route may have an IPv6 gateway, and next hops know both sources") {
  TwoArms arms;
  arms.kernel.addresses.push_back({.link = 2, .prefix = prefix("2001:db8::5/64")});
  arms.kernel.routes[0] = route_by("0.0.0.0/0", 2, "fe80::1");
  arms.neighbour(2, "fe80::1", client_mac);
  const auto snapshot = arms.build_routes();
  const NextHop& hop = hop_to(*snapshot, "203.0.113.1");
  CHECK(hop.resolved);
  CHECK(hop.source == address("192.168.4.5").v4());
  CHECK(hop.source6 == address("2001:db8::5").v6());
}

TEST_CASE("link-local networks are not routed by") {
  TwoArms arms;
  arms.kernel.routes.push_back(direct_route("fe80::/64", 2));
  CHECK(arms.build_routes()->find_path(address("fe80::1"), 0) == nullptr);
}

TEST_CASE("a VLAN child's neighbours are reached with its tag, by the port's MAC") {
  TwoArms arms;
  Link child = link(4, "fw1.7", "02:00:00:00:00:0f");
  child.kind = LinkKind::vlan;
  child.parent = 3;
  child.vlan = 7;
  arms.kernel.links[4] = child;
  arms.kernel.routes.push_back(direct_route("10.7.0.0/24", 4));
  arms.neighbour(4, "10.7.0.9", server_mac);
  arms.neighbour(3, "10.7.0.8", server_mac);
  const auto snapshot = arms.build_routes();
  const NextHop& hop = hop_to(*snapshot, "10.7.0.9");
  CHECK(hop.resolved);
  const std::uint8_t header[] = {2, 0, 0, 0, 0x0c, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 7, 0x08, 0x00};
  REQUIRE(hop.header_length == 18);
  CHECK(std::memcmp(hop.header.data(), header, sizeof header) == 0);
  CHECK(snapshot->find(address("10.7.0.8"), 0) == no_next_hop);
}

TEST_CASE("what the twin knows of a neighbour counts before what a macvlan on it knows") {
  TwoArms arms;
  Link child = link(4, "vrrp.1", "00:00:5e:00:01:01");
  child.kind = LinkKind::macvlan;
  child.parent = 2;
  arms.kernel.links[4] = child;
  arms.neighbour(4, "192.168.4.77", server_mac);
  CHECK(hop_to(*arms.build_routes(), "192.168.4.77").resolved);
  arms.neighbour(2, "192.168.4.77", client_mac);
  CHECK(hop_to(*arms.build(), "192.168.4.77").header[5] == 0x01);
  arms.kernel.neighbours[{2, address("192.168.4.77")}] = {.state = NeighbourState::failed};
  CHECK(hop_to(*arms.build(), "192.168.4.77").header[5] == 0x02);
}

TEST_CASE("static neighbours count before the kernel's") {
  PortSettings port = port_with_twin(0, "fw0");
  port.neighbours[address("192.168.4.77")] = mac(server_mac);
  Builder builder({port});
  KernelState kernel = TwoArms().kernel;
  kernel.neighbours[{2, address("192.168.4.77")}] = reachable(client_mac);
  builder.take_routes(kernel);
  const auto snapshot = builder.build(kernel, {}, now);
  CHECK(hop_to(*snapshot, "192.168.4.77").header[5] == 0x02);
  CHECK(builder.static_neighbours().size() == 1);
}

TEST_CASE("a port without a twin is complete without a kernel") {
  PortSettings port = static_port(0);
  port.vlan = 30;
  port.addresses = {prefix("10.0.0.1/24")};
  port.neighbours = {{address("10.0.0.9"), mac(server_mac)},
                     {address("10.0.0.254"), mac(client_mac)},
                     {address("172.16.0.9"), mac(server_mac)}};
  port.gateway = address("10.0.0.254");
  Builder builder({port});
  const auto snapshot = builder.build({}, {}, now);
  for (const char* destination : {"10.0.0.9", "10.0.0.254", "172.16.0.9", "203.0.113.1"}) {
    INFO(destination);
    const NextHop& hop = hop_to(*snapshot, destination);
    CHECK(hop.resolved);
    CHECK(hop.header_length == 18);
    CHECK(hop.source == address("10.0.0.1").v4());
  }
  CHECK(hop_to(*snapshot, "203.0.113.1").neighbour == address("10.0.0.254"));
  CHECK(snapshot->find(address("10.0.0.8"), 0) == no_next_hop);
  CHECK(snapshot->is_local(address("10.0.0.1")));
  CHECK(snapshot->find(address("2001:db8::1"), 0) == no_next_hop);
}

TEST_CASE("a twin's link that goes away takes its next hops along") {
  TwoArms arms;
  arms.neighbour(3, "10.0.0.9", server_mac);
  const NextHopId id = arms.build_routes()->find(address("10.0.0.9"), 0);
  arms.kernel.links.erase(3);
  const auto snapshot = arms.build_routes();
  CHECK(snapshot->find(address("10.0.0.9"), 0) == no_next_hop);
  CHECK_FALSE(snapshot->at(id).resolved);
}

TEST_CASE("ten thousand neighbours all find their own") {
  TwoArms arms;
  arms.kernel.routes[2] = direct_route("10.0.0.0/16", 3);
  const auto nth = [](int i) { return net::Address(net::Ipv4Address(0x0a000100u + static_cast<std::uint32_t>(i))); };
  constexpr int count = 10'000;
  for (int i = 0; i < count; ++i) {
    net::MacAddress its_mac = mac("06:00:00:00:00:00");
    its_mac.bytes[4] = static_cast<std::uint8_t>(i >> 8);
    its_mac.bytes[5] = static_cast<std::uint8_t>(i);
    arms.kernel.neighbours[{3, nth(i)}] = {.mac = its_mac, .state = NeighbourState::stale};
  }
  const auto snapshot = arms.build_routes();
  int wrong = 0;
  std::set<NextHopId> ids;
  for (int i = 0; i < count; ++i) {
    const NextHopId id = snapshot->find(nth(i), 0);
    const NextHop& hop = snapshot->at(id);
    wrong += !hop.resolved || hop.header[4] != (i >> 8) || hop.header[5] != (i & 0xff) || hop.neighbour != nth(i);
    ids.insert(id);
  }
  CHECK(wrong == 0);
  CHECK(ids.size() == count);

  // Two that changed are seen, and all others stay.
  arms.kernel.neighbours[{3, nth(5)}].mac = mac(server_mac);
  arms.kernel.neighbours.erase({3, nth(6)});
  const auto next = arms.build();
  for (int i = 0; i < count; ++i) {
    const NextHopId before = snapshot->find(nth(i), 0), after = next->find(nth(i), 0);
    wrong += i == 6 ? after != no_next_hop : after != before;
    wrong += (i == 5 || i == 6) == (next->at(before) == snapshot->at(before));
  }
  CHECK(wrong == 0);
}
