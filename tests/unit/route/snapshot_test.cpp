// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/snapshot.hpp"

#include <catch2/catch.hpp>
#include <cstring>

using namespace fairway;
using namespace fairway::route;

namespace {

net::Address address(const char* text) { return net::parse_address(text).value(); }
net::Prefix prefix(const char* text) { return net::parse_prefix(text).value(); }
net::MacAddress mac(const char* text) { return net::parse_mac(text).value(); }

Path via(std::uint32_t id, std::uint32_t weight = 1) {
  return {.on_link = false, .gateway = NextHopId{id}, .weight = weight};
}
Path on_link(std::uint16_t port, std::uint16_t vlan = no_vlan) { return {.port = net::PortId{port}, .vlan = vlan}; }

}  // namespace

TEST_CASE("the longest prefix wins, in whatever order routes are given") {
  std::vector<Route> routes = {{prefix("0.0.0.0/0"), {via(1)}},      {prefix("10.0.0.0/8"), {via(2)}},
                               {prefix("10.1.0.0/16"), {via(3)}},    {prefix("10.1.2.0/23"), {via(4)}},
                               {prefix("10.1.2.3/32"), {via(5)}},    {prefix("::/0"), {via(6)}},
                               {prefix("2001:db8::/32"), {via(7)}},  {prefix("2001:db8:0:8000::/49"), {via(8)}},
                               {prefix("2001:db8::1/128"), {via(9)}}};
  if (GENERATE(false, true)) std::reverse(routes.begin(), routes.end());
  Snapshot snapshot;
  snapshot.set_routes(routes);

  const auto found = [&](const char* text) { return snapshot.find(address(text), 7).value; };
  CHECK(found("192.0.2.1") == 1);
  CHECK(found("10.2.0.0") == 2);
  CHECK(found("10.1.0.255") == 3);
  CHECK(found("10.1.3.255") == 4);
  CHECK(found("10.1.4.0") == 3);
  CHECK(found("10.1.2.3") == 5);
  CHECK(found("2001:db9::") == 6);
  CHECK(found("2001:db8:0:7fff::") == 7);
  CHECK(found("2001:db8:0:8000::") == 8);
  CHECK(found("2001:db8::1") == 9);
}

TEST_CASE("host bits of a route's destination do not count, and of two equal prefixes the first stays") {
  Snapshot snapshot;
  snapshot.set_routes({{prefix("192.168.4.5/24"), {via(1)}}, {prefix("192.168.4.0/24"), {via(2)}}});
  CHECK(snapshot.find(address("192.168.4.77"), 0) == NextHopId{1});
}

TEST_CASE("without a route there is no next hop") {
  Snapshot snapshot;
  CHECK(snapshot.find(address("10.0.0.1"), 0) == no_next_hop);
  snapshot.set_routes({{prefix("10.0.0.0/24"), {via(1)}}, {prefix("10.0.0.128/25"), {}}});
  CHECK(snapshot.find(address("10.0.1.1"), 0) == no_next_hop);
  CHECK(snapshot.find(address("::ffff:10.0.0.1"), 0) == no_next_hop);
  // A longer prefix without a path hides the shorter one, as an unreachable route does.
  CHECK(snapshot.find(address("10.0.0.127"), 0) == NextHopId{1});
  CHECK(snapshot.find(address("10.0.0.128"), 0) == no_next_hop);
}

TEST_CASE("a server may be the director itself") {
  Snapshot snapshot;
  snapshot.ports = {{"outside", {}, {address("192.0.2.1")}}, {"inside", {}, {address("10.0.0.254")}}};
  snapshot.set_routes({{prefix("10.0.0.0/24"), {on_link(0)}}});
  snapshot.set_on_link(net::PortId{0}, no_vlan, address("10.0.0.9"), NextHopId{1});
  for (const char* own : {"192.0.2.1", "10.0.0.254", "127.0.0.1", "127.200.0.7"})
    CHECK(snapshot.find_server(address(own), 0) == this_host);
  CHECK(snapshot.find_server(address("10.0.0.9"), 0) == NextHopId{1});
  CHECK(snapshot.find_server(address("10.0.0.8"), 0) == no_next_hop);
  CHECK_FALSE(snapshot.at(this_host).resolved);
}

TEST_CASE("destinations on the link are their own neighbours, by port and VLAN") {
  Snapshot snapshot;
  snapshot.set_routes({{prefix("10.0.0.0/24"), {on_link(0)}},
                       {prefix("10.0.1.0/24"), {on_link(1, 100)}},
                       {prefix("2001:db8::/64"), {on_link(1)}}});
  snapshot.set_on_link(net::PortId{0}, no_vlan, address("10.0.0.9"), NextHopId{1});
  snapshot.set_on_link(net::PortId{1}, 100, address("10.0.1.9"), NextHopId{2});
  snapshot.set_on_link(net::PortId{1}, 101, address("10.0.1.8"), NextHopId{3});
  snapshot.set_on_link(net::PortId{1}, no_vlan, address("2001:db8::9"), NextHopId{4});

  CHECK(snapshot.find(address("10.0.0.9"), 0) == NextHopId{1});
  CHECK(snapshot.find(address("10.0.1.9"), 0) == NextHopId{2});
  CHECK(snapshot.find(address("10.0.1.8"), 0) == no_next_hop);  // it was seen in another VLAN
  CHECK(snapshot.find(address("10.0.0.8"), 0) == no_next_hop);
  CHECK(snapshot.find(address("2001:db8::9"), 0) == NextHopId{4});

  const Path* path = snapshot.find_path(address("10.0.1.77"), 0);
  REQUIRE(path);
  CHECK(path->on_link);
  CHECK(path->port == net::PortId{1});
  CHECK(path->vlan == 100);
}

TEST_CASE("multipath gives each gateway its weight's share of the hashes") {
  Snapshot snapshot;
  snapshot.set_routes({{prefix("0.0.0.0/0"), {via(1, 1), via(2, 2), via(3, 5)}}});
  std::array<unsigned, 4> counts{};
  constexpr unsigned steps = 8000;
  for (unsigned i = 0; i < steps; ++i)
    ++counts[snapshot.find(address("192.0.2.1"), static_cast<std::uint32_t>((std::uint64_t{i} << 32) / steps)).value];
  CHECK(counts == std::array<unsigned, 4>{0, 1000, 2000, 5000});
  CHECK(snapshot.find(address("192.0.2.1"), 0xffffffff) == NextHopId{3});

  snapshot.set_routes({{prefix("0.0.0.0/0"), {via(4, 0), via(5, 0)}}});
  CHECK(snapshot.find(address("192.0.2.1"), 0x80000000) == NextHopId{4});
}

TEST_CASE("a copy keeps what it had when the original changes, and the other way round") {
  Snapshot first;
  first.set_routes({{prefix("10.0.0.0/24"), {on_link(0)}}});
  first.set_on_link(net::PortId{0}, no_vlan, address("10.0.0.1"), NextHopId{1});
  Snapshot second = first;
  second.set_on_link(net::PortId{0}, no_vlan, address("10.0.0.2"), NextHopId{2});
  CHECK(first.find(address("10.0.0.2"), 0) == no_next_hop);
  CHECK(second.find(address("10.0.0.1"), 0) == NextHopId{1});
  CHECK(second.find(address("10.0.0.2"), 0) == NextHopId{2});

  Snapshot third = second;
  third.clear_on_link();
  third.set_routes({});
  CHECK(second.find(address("10.0.0.1"), 0) == NextHopId{1});
  CHECK(third.find(address("10.0.0.1"), 0) == no_next_hop);
}

TEST_CASE("an id beyond the snapshot's next hops is no next hop") {
  Snapshot snapshot;
  snapshot.next_hops.push_back({.resolved = true});
  CHECK(snapshot.at(NextHopId{1}).resolved);
  CHECK_FALSE(snapshot.at(NextHopId{2}).resolved);
  CHECK_FALSE(snapshot.at(no_next_hop).resolved);
}

TEST_CASE("local addresses and accepted MACs are those of the ports") {
  Snapshot snapshot;
  snapshot.ports = {{"outside", {mac("02:00:00:00:00:01"), mac("00:00:5e:00:01:0a")}, {address("192.168.4.5")}},
                    {"inside", {mac("02:00:00:00:00:02")}, {address("10.0.0.1"), address("2001:db8::1")}}};
  CHECK(snapshot.is_local(address("192.168.4.5")));
  CHECK(snapshot.is_local(address("2001:db8::1")));
  CHECK_FALSE(snapshot.is_local(address("192.168.4.6")));
  snapshot.set_local({{prefix("192.168.4.6/32"), {}}, {prefix("203.0.113.0/24"), {}}});
  CHECK(snapshot.is_local(address("192.168.4.6")));
  CHECK(snapshot.find_server(address("203.0.113.9"), 0) == this_host);
  CHECK_FALSE(snapshot.is_local(address("203.0.114.9")));
  CHECK_FALSE(snapshot.is_local(address("2001:db8::2")));

  CHECK(snapshot.accepts(net::PortId{0}, mac("02:00:00:00:00:01")));
  CHECK(snapshot.accepts(net::PortId{0}, mac("00:00:5e:00:01:0a")));
  CHECK_FALSE(snapshot.accepts(net::PortId{0}, mac("02:00:00:00:00:02")));
  CHECK_FALSE(snapshot.accepts(net::PortId{1}, mac("00:00:5e:00:01:0a")));
  CHECK_FALSE(snapshot.accepts(net::PortId{2}, mac("02:00:00:00:00:01")));
}

TEST_CASE("a header is finished, with or without a tag") {
  NextHop hop;
  set_header(hop, mac("02:00:00:00:00:aa"), mac("02:00:00:00:00:bb"), no_vlan);
  CHECK(hop.header_length == 14);
  const std::uint8_t plain[] = {2, 0, 0, 0, 0, 0xaa, 2, 0, 0, 0, 0, 0xbb, 0x08, 0x00};
  CHECK(std::memcmp(hop.header.data(), plain, sizeof plain) == 0);

  set_header(hop, mac("02:00:00:00:00:aa"), mac("02:00:00:00:00:bb"), 0x123);
  CHECK(hop.header_length == 18);
  const std::uint8_t tagged[] = {2, 0, 0, 0, 0, 0xaa, 2, 0, 0, 0, 0, 0xbb, 0x81, 0x00, 0x01, 0x23, 0x08, 0x00};
  CHECK(std::memcmp(hop.header.data(), tagged, sizeof tagged) == 0);
}
