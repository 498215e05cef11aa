// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/mirror.hpp"

#include <catch2/catch.hpp>

#include "unit/route/name_space.hpp"
#include "unit/route/values.hpp"
#include "unit/route/wire.hpp"

using namespace fairway;
using namespace fairway::route;

namespace {

constexpr const char* server_mac = "02:00:00:00:0c:09";
const net::MacAddress broadcast = mac("ff:ff:ff:ff:ff:ff");
constexpr const char* gateway_mac = "02:00:00:00:0c:fe";

/// A director with one port, whose twin has 10.0.0.1/24, and a wire on which hosts answer for themselves.
struct Director {
  explicit Director(PortSettings settings = inside()) {
    enter_new_namespace();
    REQUIRE(set_sysctl("net/ipv6/conf/default/disable_ipv6", "1"));
    wire.emplace(settings.twin);
    if (const std::string& interface = settings.linux_interface; !interface.empty())
      REQUIRE(run("ip link add " + interface + " type veth peer name cable && ip link set " + interface + " up"));
    // Quick to give up, so that no test waits for seconds.
    REQUIRE(set_sysctl("net/ipv4/neigh/" + settings.twin + "/retrans_time_ms", "10"));
    auto netlink = Netlink::open();
    REQUIRE(set_up_twin(*netlink, settings));
    REQUIRE(run("ip route add default via 10.0.0.254"));
    auto made = Mirror::make({settings},
                             {.publish = [this](auto snapshot) { published.push_back(snapshot); },
                              .complain = [this](auto& text) { complaints.push_back(text); }},
                             now);
    REQUIRE(made);
    mirror = std::move(*made);
  }

  static PortSettings inside() {
    PortSettings port = port_with_twin(0, "fw0");
    port.addresses = {prefix("10.0.0.1/24")};
    return port;
  }

  const NextHop& hop_to(const char* text) const {
    return mirror->current().at(mirror->current().find(address(text), 0));
  }
  bool is_resolved(const char* text) const { return hop_to(text).resolved; }

  /// Lets the wire's hosts and the mirror work until this is so.
  bool wait_for(const std::function<bool()>& so) {
    return wait_until({mirror->descriptor(), wire->descriptor()}, [&] {
      wire->work();
      mirror->on_readable();
      return so();
    });
  }
  bool wait_until_resolved(const char* text) {
    return wait_for([&] { return is_resolved(text); });
  }
  void pass(std::uint32_t milliseconds) {
    now = base::later(now, milliseconds);
    mirror->on_timer(now);
  }
  std::string state_of(const char* text) const {
    for (const NeighbourReport& row : mirror->report())
      if (row.address == address(text)) return std::string(row.state);
    return "";
  }
  std::optional<Neighbour> in_kernel(const char* text) {
    auto netlink = Netlink::open();
    const auto neighbour = netlink->neighbour({index_of("fw0"), address(text)});
    return neighbour ? std::optional(*neighbour) : std::nullopt;
  }

  base::Stamp now{1'000'000};
  std::optional<Wire> wire;
  std::vector<std::shared_ptr<const Snapshot>> published;
  std::vector<std::string> complaints;
  std::unique_ptr<Mirror> mirror;
};

}  // namespace

TEST_CASE("a wanted server is resolved and stays the next hop it was promised to be") {
  Director director;
  CHECK(director.published.size() == 1);
  director.wire->add_host("10.0.0.9", server_mac);
  const NextHopId id = director.mirror->want(address("10.0.0.9"));
  CHECK(id != no_next_hop);
  CHECK(director.published.size() == 1);
  director.mirror->flush();
  REQUIRE(director.published.size() == 2);
  CHECK(director.published[1]->wanted_generation > director.published[0]->wanted_generation);
  CHECK(director.mirror->current().find(address("10.0.0.9"), 0) == id);
  CHECK_FALSE(director.is_resolved("10.0.0.9"));

  REQUIRE(director.wait_until_resolved("10.0.0.9"));
  CHECK(director.mirror->current().find(address("10.0.0.9"), 0) == id);
  CHECK(director.hop_to("10.0.0.9").header[5] == 0x09);
  CHECK(director.hop_to("10.0.0.9").source == address("10.0.0.1").v4());
  CHECK(director.in_kernel("10.0.0.9")->managed);
  CHECK(director.complaints.empty());
}

TEST_CASE("gateways are resolved without being asked for, and servers behind them through them") {
  Director director;
  director.wire->add_host("10.0.0.254", gateway_mac);
  const NextHopId id = director.mirror->want(address("172.16.0.9"));
  REQUIRE(director.wait_until_resolved("172.16.0.9"));
  CHECK(director.mirror->current().find(address("172.16.0.9"), 0) == id);
  CHECK(director.in_kernel("172.16.0.9") == std::nullopt);
  const auto report = director.mirror->report();
  REQUIRE(report.size() == 1);
  CHECK(report[0].address == address("10.0.0.254"));
  CHECK(report[0].port == "port0");
  CHECK(report[0].mac == mac(gateway_mac));
  CHECK(report[0].state == "REACHABLE");
  CHECK(report[0].wanted == 1);
}

TEST_CASE("a server is wanted as often as it is called for") {
  Director director;
  director.wire->add_host("10.0.0.9", server_mac);
  for (int i = 0; i < 2; ++i) director.mirror->want(address("10.0.0.9"));
  REQUIRE(director.wait_until_resolved("10.0.0.9"));
  director.mirror->unwant(address("10.0.0.9"));
  director.mirror->flush();
  CHECK(director.in_kernel("10.0.0.9"));
  director.mirror->unwant(address("10.0.0.9"));
  director.mirror->flush();
  CHECK_FALSE(director.in_kernel("10.0.0.9"));
  CHECK(director.wait_for([&] { return !director.is_resolved("10.0.0.9"); }));
  director.mirror->unwant(address("10.0.0.9"));  // once too often
  CHECK(director.mirror->want(address("10.0.0.9")) != no_next_hop);
}

TEST_CASE("a server that does not answer is not resolved until it is heard of") {
  Director director;
  director.mirror->want(address("10.0.0.9"));
  director.mirror->flush();
  REQUIRE(director.wait_for([&] { return director.state_of("10.0.0.9") == "FAILED"; }));
  CHECK_FALSE(director.is_resolved("10.0.0.9"));
  CHECK(director.wire->requests_for("10.0.0.9") > 1);
  director.wire->send_arp(1, {mac(server_mac), address("10.0.0.9")}, {broadcast, address("10.0.0.1")});
  CHECK(director.wait_until_resolved("10.0.0.9"));
  CHECK(director.in_kernel("10.0.0.9")->managed);
}

TEST_CASE("a server's new MAC address is seen when it makes it known") {
  Director director;
  director.wire->add_host("10.0.0.9", server_mac);
  const NextHopId id = director.mirror->want(address("10.0.0.9"));
  REQUIRE(director.wait_until_resolved("10.0.0.9"));
  // A gratuitous request, as a server sends it that takes an address over.
  const Wire::Host server{mac("02:00:00:00:0d:07"), address("10.0.0.9")};
  director.wire->send_arp(1, server, {broadcast, server.address});
  CHECK(director.wait_for([&] { return director.hop_to("10.0.0.9").header[5] == 0x07; }));
  CHECK(director.mirror->current().find(address("10.0.0.9"), 0) == id);
}

TEST_CASE("a client that asks for the director's address is a next hop from then on") {
  Director director;
  CHECK(director.mirror->current().find(address("10.0.0.77"), 0) == no_next_hop);
  director.wire->send_arp(1, {mac("02:00:00:00:0d:77"), address("10.0.0.77")}, {broadcast, address("10.0.0.1")});
  CHECK(director.wait_until_resolved("10.0.0.77"));
}

TEST_CASE("a client that packets wait for is asked for") {
  Director director;
  director.wire->add_host("10.0.0.77", "02:00:00:00:0d:77");
  director.mirror->resolve(address("10.0.0.77"));
  CHECK(director.wait_until_resolved("10.0.0.77"));
  CHECK_FALSE(director.in_kernel("10.0.0.77")->managed);
  director.mirror->resolve(address("10.0.0.78"));
  CHECK(director.wire->requests_for("10.0.0.78") >= 1);
}

TEST_CASE("neighbours that a lost carrier took away are entered again") {
  Director director;
  director.wire->add_host("10.0.0.9", server_mac);
  director.wire->add_host("10.0.0.254", gateway_mac);
  const NextHopId id = director.mirror->want(address("10.0.0.9"));
  REQUIRE(director.wait_until_resolved("10.0.0.9"));
  REQUIRE(director.wait_until_resolved("172.16.0.1"));

  REQUIRE(director.mirror->set_link(net::PortId{0}, false));
  REQUIRE(director.wait_for([&] { return !director.is_resolved("10.0.0.9") && !director.is_resolved("172.16.0.1"); }));
  CHECK(director.in_kernel("10.0.0.9")->managed);
  REQUIRE(director.mirror->set_link(net::PortId{0}, true));
  CHECK(director.wait_until_resolved("10.0.0.9"));
  CHECK(director.wait_until_resolved("172.16.0.1"));
  CHECK(director.mirror->current().find(address("10.0.0.9"), 0) == id);
}

TEST_CASE("neighbours of a twin that was set down are entered again, and its routes are noticed") {
  Director director;
  director.wire->add_host("10.0.0.9", server_mac);
  director.mirror->want(address("10.0.0.9"));
  REQUIRE(director.wait_until_resolved("10.0.0.9"));
  REQUIRE(run("ip link set fw0 down"));
  REQUIRE(director.wait_for([&] { return !director.is_resolved("10.0.0.9"); }));
  director.pass(100);
  CHECK(director.mirror->current().find_path(address("10.0.0.9"), 0) == nullptr);
  REQUIRE(run("ip link set fw0 up"));
  CHECK(director.wait_for([&] {
    director.pass(100);
    return director.is_resolved("10.0.0.9");
  }));
}

TEST_CASE("a port that does not follow its link leaves the twin's carrier alone") {
  PortSettings port = Director::inside();
  port.follow_link = false;
  Director director(port);
  REQUIRE(director.mirror->set_link(net::PortId{0}, false));
  auto netlink = Netlink::open();
  CHECK(link_of(*netlink, "fw0").carrier);
}

TEST_CASE("the twin's carrier follows the link of an interface of Linux that the port takes") {
  PortSettings port = Director::inside();
  port.linux_interface = "taken";
  Director director(port);
  auto netlink = Netlink::open();
  const auto follows = [&](bool up) {
    return director.wait_for(
        [&] { return director.mirror->linux_link(net::PortId{0}) == up && link_of(*netlink, "fw0").carrier == up; });
  };
  CHECK_FALSE(link_of(*netlink, "fw0").carrier);  // from the start
  REQUIRE(run("ip link set cable up"));
  CHECK(follows(true));
  REQUIRE(run("ip link set cable down"));
  CHECK(follows(false));
  REQUIRE(run("ip link set cable up"));
  CHECK(follows(true));
  REQUIRE(run("ip link set taken down"));
  CHECK(follows(false));
  REQUIRE(run("ip link set taken up"));
  CHECK(follows(true));
  REQUIRE(run("ip link del taken"));
  CHECK(follows(false));
  CHECK(director.complaints.empty());
}

TEST_CASE("a port that does not follow its link does not follow one of Linux either") {
  PortSettings port = Director::inside();
  port.linux_interface = "taken";
  port.follow_link = false;
  const Director director(port);
  auto netlink = Netlink::open();
  CHECK(link_of(*netlink, "fw0").carrier);
  CHECK(director.mirror->linux_link(net::PortId{0}) == false);
}

TEST_CASE("a port of a driver's own has no link of Linux") {
  const Director director;
  CHECK(director.mirror->linux_link(net::PortId{0}) == std::nullopt);
}

TEST_CASE("a carrier that is as it should be is not set again") {
  Director director;
  auto listener = Netlink::open();
  const auto is_carrier = [](bool up) {
    return [=](const Event& event) {
      const auto* link = std::get_if<LinkEvent>(&event);
      return link && link->link.carrier == up;
    };
  };
  REQUIRE(director.mirror->set_link(net::PortId{0}, true));
  std::vector<Event> events;
  REQUIRE(listener->receive(events));
  CHECK(std::ranges::none_of(events, is_carrier(true)));
  REQUIRE(director.mirror->set_link(net::PortId{0}, false));
  CHECK(wait_for_event(*listener, is_carrier(false)));
  REQUIRE(run("ip link del fw0"));
  director.mirror->on_readable();
  CHECK(director.mirror->set_link(net::PortId{0}, true));
}

TEST_CASE("routes are published with the timer, at most ten times a second") {
  Director director;
  const auto first = director.mirror->current().routes_generation;
  REQUIRE(run("ip route add 172.16.0.0/16 via 10.0.0.253"));
  director.mirror->on_readable();
  director.pass(50);
  CHECK(director.mirror->current().routes_generation == first);
  director.pass(50);
  CHECK(director.mirror->current().routes_generation == first + 1);
  CHECK(director.hop_to("172.16.0.1").neighbour == address("10.0.0.253"));
  CHECK(director.in_kernel("10.0.0.253")->managed);

  REQUIRE(run("ip route del 172.16.0.0/16"));
  director.mirror->on_readable();
  director.pass(99);
  CHECK(director.hop_to("172.16.0.1").neighbour == address("10.0.0.253"));
  director.pass(1);
  CHECK(director.hop_to("172.16.0.1").neighbour == address("10.0.0.254"));
  CHECK_FALSE(director.in_kernel("10.0.0.253"));
}

TEST_CASE("a server follows its route, and the wanted generation tells") {
  Director director;
  director.mirror->want(address("172.16.0.9"));
  director.mirror->flush();
  const auto before = director.mirror->current().wanted_generation;
  CHECK(director.hop_to("172.16.0.9").neighbour == address("10.0.0.254"));
  REQUIRE(run("ip addr add 172.16.0.1/24 dev fw0"));
  director.mirror->on_readable();
  director.pass(100);
  CHECK(director.mirror->current().wanted_generation > before);
  CHECK(director.hop_to("172.16.0.9").neighbour == address("172.16.0.9"));
  CHECK(director.hop_to("172.16.0.9").source == address("172.16.0.1").v4());
  CHECK(director.in_kernel("172.16.0.9")->managed);
}

TEST_CASE("addresses and MACs that keepalived brings are the director's") {
  Director director;
  REQUIRE(
      run("ip addr add 10.0.0.15/32 dev fw0 &&"
          "ip link add vrrp.7 link fw0 address 00:00:5e:00:01:07 type macvlan mode private"));
  director.mirror->on_readable();
  director.pass(100);
  const Snapshot& snapshot = director.mirror->current();
  CHECK(snapshot.is_local(address("10.0.0.15")));
  CHECK(snapshot.accepts(net::PortId{0}, mac("00:00:5e:00:01:07")));
  CHECK(snapshot.accepts(net::PortId{0}, mac("02:00:00:00:00:00")));
  REQUIRE(run("ip addr del 10.0.0.15/32 dev fw0 && ip link del vrrp.7"));
  director.mirror->on_readable();
  director.pass(100);
  CHECK_FALSE(director.mirror->current().is_local(address("10.0.0.15")));
  CHECK_FALSE(director.mirror->current().accepts(net::PortId{0}, mac("00:00:5e:00:01:07")));
}

TEST_CASE("addresses of other links and local routes are the director's") {
  Director director;
  REQUIRE(run("ip link set lo up && ip addr add 10.0.0.16/32 dev lo && ip route add local 10.9.0.0/16 dev lo"));
  director.mirror->on_readable();
  director.pass(100);
  CHECK(director.mirror->current().is_local(address("10.0.0.16")));
  CHECK(director.mirror->current().is_local(address("10.9.8.7")));
  REQUIRE(run("ip addr del 10.0.0.16/32 dev lo && ip route del local 10.9.0.0/16 dev lo"));
  director.mirror->on_readable();
  director.pass(100);
  CHECK_FALSE(director.mirror->current().is_local(address("10.0.0.16")));
  CHECK_FALSE(director.mirror->current().is_local(address("10.9.8.7")));
}

TEST_CASE("all changes that wait become one snapshot, and changes of state none") {
  Director director;
  director.mirror->on_readable();
  const auto before = director.published.size();
  for (int i = 20; i < 60; ++i)
    REQUIRE(run("ip neigh add 10.0.0." + std::to_string(i) + " lladdr 02:00:00:00:0d:01 dev fw0 nud reachable"));
  director.mirror->on_readable();
  CHECK(director.published.size() == before + 1);
  CHECK(director.is_resolved("10.0.0.59"));
  REQUIRE(run("ip neigh change 10.0.0.59 lladdr 02:00:00:00:0d:01 dev fw0 nud stale"));
  director.mirror->on_readable();
  CHECK(director.published.size() == before + 1);
  CHECK(director.state_of("10.0.0.59") == "STALE");
}

TEST_CASE("after lost announcements everything is read anew") {
  Director director;
  director.wire->add_host("10.0.0.9", server_mac);
  director.mirror->want(address("10.0.0.9"));
  REQUIRE(director.wait_until_resolved("10.0.0.9"));
  auto netlink = Netlink::open();
  const int twin = index_of("fw0");
  for (std::uint32_t i = 0; i < 20'000; ++i)
    REQUIRE(
        netlink->enter_neighbour({twin, net::Ipv4Address(0x0a010000u + i)}, NeighbourUse::permanent, mac(server_mac)));
  // These are lost: nothing but the new reading can tell of them.
  REQUIRE(netlink->delete_neighbour({twin, address("10.0.0.9")}));
  REQUIRE(run("ip addr add 10.1.0.1/16 dev fw0"));

  director.mirror->on_readable();
  director.pass(100);
  CHECK(director.is_resolved("10.1.0.0"));
  CHECK(director.is_resolved("10.1.78.31"));
  CHECK(director.in_kernel("10.0.0.9")->managed);
  CHECK(director.wait_until_resolved("10.0.0.9"));
  CHECK(director.complaints.empty());
}

TEST_CASE("static neighbours are the kernel's as well, and nobody is asked for them") {
  PortSettings port = Director::inside();
  port.neighbours[address("10.0.0.9")] = mac(server_mac);
  Director director(port);
  CHECK(director.is_resolved("10.0.0.9"));
  CHECK(director.in_kernel("10.0.0.9") == Neighbour{.mac = mac(server_mac), .state = NeighbourState::permanent});
  director.mirror->want(address("10.0.0.9"));
  director.mirror->flush();
  CHECK(director.state_of("10.0.0.9") == "STATIC");
  REQUIRE(run("ip neigh del 10.0.0.9 dev fw0"));
  director.mirror->on_readable();
  CHECK(director.in_kernel("10.0.0.9")->state == NeighbourState::permanent);
  CHECK(director.is_resolved("10.0.0.9"));
  director.wire->work();
  CHECK(director.wire->requests_for("10.0.0.9") == 0);
}

TEST_CASE("a neighbour that somebody took out of the kernel's care is given back after a while") {
  Director director;
  director.wire->add_host("10.0.0.9", server_mac);
  director.mirror->want(address("10.0.0.9"));
  REQUIRE(director.wait_until_resolved("10.0.0.9"));
  REQUIRE(run("ip neigh replace 10.0.0.9 lladdr 02:00:00:00:0d:01 dev fw0 nud stale"));
  REQUIRE(director.wait_for([&] { return director.hop_to("10.0.0.9").header[4] == 0x0d; }));
  CHECK_FALSE(director.in_kernel("10.0.0.9")->managed);
  director.pass(Keeper::ask_interval);
  CHECK(director.in_kernel("10.0.0.9")->managed);
}

TEST_CASE("a twin that is taken away and comes back is found again") {
  Director director;
  director.wire->add_host("10.0.0.9", server_mac);
  const NextHopId id = director.mirror->want(address("10.0.0.9"));
  REQUIRE(director.wait_until_resolved("10.0.0.9"));
  REQUIRE(run("ip link del fw0"));
  director.mirror->on_readable();
  director.pass(100);
  CHECK_FALSE(director.is_resolved("10.0.0.9"));
  CHECK_FALSE(director.mirror->current().is_local(address("10.0.0.1")));

  director.wire.emplace("fw0");
  director.wire->add_host("10.0.0.9", server_mac);
  auto netlink = Netlink::open();
  REQUIRE(set_up_twin(*netlink, Director::inside()));
  CHECK(director.wait_for([&] {
    director.pass(100);
    return director.is_resolved("10.0.0.9");
  }));
  CHECK(director.mirror->current().find(address("10.0.0.9"), 0) == id);
}

TEST_CASE("what the kernel refuses is complained of once") {
  Director director;
  REQUIRE(run("ip link del fw0"));  // the mirror has not heard of it yet
  director.mirror->want(address("10.0.0.9"));
  for (int i = 0; i < 5; ++i) director.pass(Keeper::retry_interval);
  REQUIRE(director.complaints.size() == 1);
  CHECK_THAT(director.complaints[0], Catch::Contains("10.0.0.9: No such device"));
}

TEST_CASE("without twins there is no kernel to ask") {
  PortSettings port = static_port(0);
  port.addresses = {prefix("10.0.0.1/24")};
  port.neighbours[address("10.0.0.9")] = mac(server_mac);
  int published = 0;
  auto mirror = Mirror::make({port}, {.publish = [&](auto) { ++published; }, .complain = [](auto&) {}}, {});
  REQUIRE(mirror);
  Mirror& mirrored = **mirror;
  CHECK(mirrored.descriptor() == -1);
  CHECK(published == 1);
  const NextHopId id = mirrored.want(address("10.0.0.9"));
  CHECK(mirrored.current().at(id).resolved);
  CHECK(mirrored.want(address("10.0.0.8")) != no_next_hop);
  mirrored.resolve(address("10.0.0.7"));
  mirrored.on_readable();
  mirrored.on_timer({100});
  CHECK(published == 2);
  CHECK_FALSE(mirrored.current().at(mirrored.current().find(address("10.0.0.8"), 0)).resolved);
  CHECK(mirrored.set_link(net::PortId{0}, false));
  const auto report = mirrored.report();
  REQUIRE(report.size() == 2);
  CHECK(report[0].state == "NONE");
  CHECK(report[1].state == "STATIC");
  CHECK(report[1].mac == mac(server_mac));
  CHECK(report[1].wanted == 1);
}
