// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/netlink.hpp"

#include <catch2/catch.hpp>

#include "unit/route/name_space.hpp"
#include "unit/route/values.hpp"

using namespace fairway;
using namespace fairway::route;

namespace {

Netlink open_netlink() {
  auto netlink = Netlink::open();
  REQUIRE(netlink);
  return std::move(*netlink);
}

const KernelRoute* find_route(const std::vector<KernelRoute>& routes, const char* destination) {
  const auto found = std::ranges::find(routes, prefix(destination), &KernelRoute::destination);
  return found == routes.end() ? nullptr : &*found;
}

std::optional<Neighbour> find_neighbour(Netlink& netlink, int link, const char* text) {
  const auto neighbours = netlink.neighbours();
  REQUIRE(neighbours);
  for (const auto& [key, neighbour] : *neighbours)
    if (key == NeighbourKey{link, address(text)}) return neighbour;
  return std::nullopt;
}

template <class T>
bool is_event(const Event& event, const std::function<bool(const T&)>& accepts) {
  const auto* found = std::get_if<T>(&event);
  return found && accepts(*found);
}

}  // namespace

TEST_CASE("links are read with their MAC, MTU, state and parent") {
  enter_new_namespace();
  REQUIRE(
      run("ip link add veth0 address 02:00:00:00:00:0a mtu 1400 type veth peer veth1 && ip link set veth0 up &&"
          "ip link add mac0 link veth0 address 02:00:00:00:00:0b type macvlan mode private"));
  Netlink netlink = open_netlink();
  const auto links = netlink.links();
  REQUIRE(links);
  CHECK(links->size() == 4);

  const auto veth = std::ranges::find(*links, "veth0", &Link::name);
  REQUIRE(veth != links->end());
  CHECK(veth->index == index_of("veth0"));
  CHECK(veth->mac == mac("02:00:00:00:00:0a"));
  CHECK(veth->mtu == 1400);
  CHECK(veth->up);
  CHECK_FALSE(veth->carrier);  // its peer is down
  CHECK(veth->kind == LinkKind::other);

  const auto macvlan = std::ranges::find(*links, "mac0", &Link::name);
  REQUIRE(macvlan != links->end());
  CHECK(macvlan->kind == LinkKind::macvlan);
  CHECK(macvlan->parent == veth->index);
  CHECK_FALSE(macvlan->up);
}

TEST_CASE("a parent in another namespace is no parent") {
  enter_new_namespace();
  const OtherNamespace other;
  REQUIRE(
      run("ip link add veth0 type veth peer veth1 && ip link add mac0 link veth0 type macvlan &&"
          "ip link set mac0 netns " +
          other.name()));
  REQUIRE(other.enter());
  const auto links = open_netlink().links();
  REQUIRE(links);
  const auto macvlan = std::ranges::find(*links, "mac0", &Link::name);
  REQUIRE(macvlan != links->end());
  CHECK(macvlan->kind == LinkKind::macvlan);
  CHECK(macvlan->parent == 0);
}

TEST_CASE("addresses are read, with what they are good for") {
  enter_new_namespace();
  REQUIRE(
      run("ip link add veth0 type veth peer veth1 && ip link set veth1 up && ip link set veth0 up &&"
          "ip addr add 192.168.4.5/24 dev veth0 && ip addr add 192.168.4.15/32 dev veth0 &&"
          "ip addr add 10.0.0.1 peer 10.0.0.2/32 dev veth0 && ip addr add 169.254.0.1/16 scope link dev veth0 &&"
          "ip addr add 2001:db8::5/64 nodad dev veth0 && ip addr add 2001:db8::6/64 dev veth0"));
  Netlink netlink = open_netlink();
  const auto addresses = netlink.addresses();
  REQUIRE(addresses);
  const int veth = index_of("veth0");
  const auto has = [&](const LinkAddress& address) { return std::ranges::count(*addresses, address) == 1; };
  CHECK(has({.link = veth, .prefix = prefix("192.168.4.5/24")}));
  CHECK(has({.link = veth, .prefix = prefix("192.168.4.15/32")}));
  CHECK(has({.link = veth, .prefix = prefix("10.0.0.1/32")}));
  CHECK(has({.link = veth, .prefix = prefix("169.254.0.1/16"), .is_global = false}));
  CHECK(has({.link = veth, .prefix = prefix("2001:db8::5/64")}));
  CHECK(has({.link = veth, .prefix = prefix("2001:db8::6/64"), .usable = false}));
  CHECK(has({.link = index_of("lo"), .prefix = prefix("127.0.0.1/8"), .is_global = false}));
}

TEST_CASE("routes of the main table are read, IPv4 and IPv6, and which addresses are the director's own") {
  enter_new_namespace();
  REQUIRE(
      run("ip link add veth0 type veth peer veth1 && ip link set veth1 up && ip link set veth0 up &&"
          "ip addr add 192.168.4.5/24 dev veth0 && ip addr add 2001:db8::5/64 nodad dev veth0 &&"
          "ip route add default via 192.168.4.254 src 192.168.4.5 metric 7 mtu 1400 &&"
          "ip route add 10.0.0.0/8 nexthop via 192.168.4.1 weight 3 nexthop via 192.168.4.2 &&"
          "ip route add unreachable 10.1.0.0/16 && ip route add 10.2.0.0/16 via inet6 fe80::1 dev veth0 &&"
          "ip route add 10.3.0.0/16 via 192.168.4.1 table 100 && ip route add 10.4.0.0/16 tos 0x10 via 192.168.4.1 &&"
          "ip -6 route add default via 2001:db8::1 &&"
          "ip -6 route add 2001:db8:1::/48 nexthop via 2001:db8::1 nexthop via 2001:db8::2"));
  Netlink netlink = open_netlink();
  const auto routes = netlink.routes();
  REQUIRE(routes);
  const int veth = index_of("veth0");

  const KernelRoute* direct = find_route(*routes, "192.168.4.0/24");
  REQUIRE((direct && direct->hops.size() == 1));
  CHECK(direct->hops[0].link == veth);
  CHECK_FALSE(direct->hops[0].gateway);
  CHECK(direct->source == address("192.168.4.5"));

  const KernelRoute* any = find_route(*routes, "0.0.0.0/0");
  REQUIRE((any && any->hops.size() == 1));
  CHECK(any->hops[0].gateway == address("192.168.4.254"));
  CHECK(any->source == address("192.168.4.5"));
  CHECK(any->metric == 7);
  CHECK(any->mtu == 1400);

  const KernelRoute* multipath = find_route(*routes, "10.0.0.0/8");
  REQUIRE((multipath && multipath->hops.size() == 2));
  CHECK(multipath->hops[0].gateway == address("192.168.4.1"));
  CHECK(multipath->hops[0].weight == 3);
  CHECK(multipath->hops[1].gateway == address("192.168.4.2"));
  CHECK(multipath->hops[1].weight == 1);

  const KernelRoute* refused = find_route(*routes, "10.1.0.0/16");
  REQUIRE(refused);
  CHECK(refused->hops.empty());
  const KernelRoute* by_ipv6 = find_route(*routes, "10.2.0.0/16");
  REQUIRE((by_ipv6 && by_ipv6->hops.size() == 1));
  CHECK(by_ipv6->hops[0].gateway == address("fe80::1"));
  CHECK(find_route(*routes, "10.3.0.0/16") == nullptr);
  CHECK(find_route(*routes, "10.4.0.0/16") == nullptr);
  const KernelRoute* own = find_route(*routes, "192.168.4.5/32");  // of the local table
  REQUIRE(own);
  CHECK(own->is_local);
  CHECK_FALSE(direct->is_local);
  CHECK(find_route(*routes, "192.168.4.255/32") == nullptr);  // likewise, but of a broadcast

  const KernelRoute* any6 = find_route(*routes, "::/0");
  REQUIRE((any6 && any6->hops.size() == 1));
  CHECK(any6->hops[0].gateway == address("2001:db8::1"));
  const KernelRoute* multipath6 = find_route(*routes, "2001:db8:1::/48");
  REQUIRE(multipath6);
  CHECK(multipath6->hops.size() == 2);
}

TEST_CASE("thousands of routes are read whole") {
  enter_new_namespace();
  REQUIRE(
      run("ip link add veth0 type veth peer veth1 && ip link set veth0 up &&"
          "for i in $(seq 0 4999); do echo route add 10.$((i / 250)).$((i % 250)).0/24 dev veth0; done | ip -batch -"));
  Netlink netlink = open_netlink();
  const auto routes = netlink.routes();
  REQUIRE(routes);
  CHECK(std::ranges::count_if(*routes, [](const KernelRoute& route) { return route.destination.length == 24; }) ==
        5000);
}

TEST_CASE("links and addresses are changed as asked for") {
  enter_new_namespace();
  REQUIRE(run("ip tuntap add tap0 mode tap"));
  Netlink netlink = open_netlink();
  const int tap = index_of("tap0");
  const auto tap_now = [&] { return link_of(netlink, "tap0"); };
  REQUIRE(netlink.change_link(tap, {.mac = mac("02:00:00:00:00:0a"), .mtu = 1400}));
  CHECK(tap_now().mac == mac("02:00:00:00:00:0a"));
  CHECK(tap_now().mtu == 1400);
  CHECK_FALSE(tap_now().up);
  REQUIRE(netlink.change_link(tap, {.up = true}));
  CHECK(tap_now().up);
  CHECK(tap_now().mtu == 1400);
  REQUIRE(netlink.change_link(tap, {.up = false}));
  CHECK_FALSE(tap_now().up);

  for (const char* text : {"192.168.4.5/24", "192.168.4.5/24", "2001:db8::5/64"})
    CHECK(netlink.add_address(tap, prefix(text)));
  REQUIRE(netlink.change_link(tap, {.up = true}));
  const auto addresses = netlink.addresses().value();
  CHECK(std::ranges::count(addresses, LinkAddress{.link = tap, .prefix = prefix("192.168.4.5/24")}) == 1);
  CHECK(std::ranges::count(addresses, LinkAddress{.link = tap, .prefix = prefix("2001:db8::5/64")}) == 1);
  const auto routes = netlink.routes().value();
  CHECK(find_route(routes, "192.168.4.0/24") != nullptr);
  CHECK(find_route(routes, "2001:db8::/64") != nullptr);
}

TEST_CASE("a refused order says why") {
  enter_new_namespace();
  Netlink netlink = open_netlink();
  const auto added = netlink.add_address(4711, prefix("192.168.4.5/24"));
  REQUIRE_FALSE(added);
  CHECK_THAT(added.error().message, Catch::Contains("No such device"));
  const auto changed = netlink.change_link(index_of("lo"), {.carrier = false});
  REQUIRE_FALSE(changed);
  CHECK_THAT(changed.error().message, Catch::Contains("not supported"));
  // The sockets are in step afterwards.
  CHECK(netlink.change_link(index_of("lo"), {.mtu = 16000}));
  CHECK(netlink.links().value().size() == 1);
}

TEST_CASE("what happens to links, addresses, routes and neighbours is announced") {
  enter_new_namespace();
  Netlink netlink = open_netlink();
  REQUIRE(run("ip link add veth0 type veth peer veth1"));
  const int veth = index_of("veth0");
  CHECK(wait_for_event(netlink, [&](const Event& event) {
    return is_event<LinkEvent>(event, [&](const LinkEvent& e) { return e.link.index == veth && !e.gone; });
  }));

  REQUIRE(run("ip link set veth0 up && ip addr add 192.168.4.5/24 dev veth0"));
  CHECK(wait_for_event(netlink, [&](const Event& event) {
    return is_event<RouteEvent>(
        event, [&](const RouteEvent& e) { return e.route.destination == prefix("192.168.4.0/24") && !e.gone; });
  }));
  REQUIRE(run("ip addr del 192.168.4.5/24 dev veth0"));
  CHECK(wait_for_event(netlink, [&](const Event& event) {
    return is_event<AddressEvent>(event, [&](const AddressEvent& e) {
      return e.address == LinkAddress{.link = veth, .prefix = prefix("192.168.4.5/24")} && e.gone;
    });
  }));

  const auto is_neighbour = [&](bool gone) {
    return [=](const Event& event) {
      return is_event<NeighbourEvent>(event, [&](const NeighbourEvent& e) {
        return e.entry.first == NeighbourKey{veth, address("192.168.4.9")} && e.gone == gone &&
               (gone ||
                e.entry.second == Neighbour{.mac = mac("02:00:00:00:00:09"), .state = NeighbourState::permanent});
      });
    };
  };
  REQUIRE(netlink.enter_neighbour({veth, address("192.168.4.9")}, NeighbourUse::permanent, mac("02:00:00:00:00:09")));
  CHECK(wait_for_event(netlink, is_neighbour(false)));
  REQUIRE(netlink.delete_neighbour({veth, address("192.168.4.9")}));
  CHECK(wait_for_event(netlink, is_neighbour(true)));

  REQUIRE(run("ip link del veth0"));
  CHECK(wait_for_event(netlink, [&](const Event& event) {
    return is_event<LinkEvent>(event, [&](const LinkEvent& e) { return e.link.index == veth && e.gone; });
  }));
}

TEST_CASE("announcements that were lost are told of, and old ones are not given out") {
  enter_new_namespace();
  REQUIRE(run("ip link add veth0 type veth peer veth1 && ip link set veth0 up"));
  Netlink netlink = open_netlink();
  const int veth = index_of("veth0");
  // Far more than fit into the socket's buffer.
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const NeighbourKey key{veth, net::Ipv4Address(0x0a000000u + i)};
    REQUIRE(netlink.enter_neighbour(key, NeighbourUse::permanent, mac("02:00:00:00:00:09")));
  }
  std::vector<Event> events;
  const auto received = netlink.receive(events);
  REQUIRE(received);
  CHECK_FALSE(*received);
  CHECK(events.empty());
  CHECK(netlink.neighbours().value().size() == 20'000);

  REQUIRE(netlink.delete_neighbour({veth, address("10.0.0.1")}));
  CHECK(wait_for_event(netlink, [](const Event& event) {
    return is_event<NeighbourEvent>(event, [](const NeighbourEvent& e) { return e.gone; });
  }));
}

TEST_CASE("managed neighbours are resolved by the kernel itself") {
  enter_new_namespace();
  const OtherNamespace other;
  REQUIRE(run("ip link add veth0 type veth peer veth1 address 02:00:00:00:00:0b && ip link set veth1 netns " +
              other.name() +
              " && ip link set veth0 up && ip addr add 10.0.0.1/24 dev veth0 &&"
              "ip addr add 2001:db8::1/64 nodad dev veth0"));
  REQUIRE(
      other.run("ip link set veth1 up && ip addr add 10.0.0.9/24 dev veth1 &&"
                "ip addr add 2001:db8::9/64 nodad dev veth1"));
  Netlink netlink = open_netlink();
  const int veth = index_of("veth0");
  for (const char* text : {"10.0.0.9", "2001:db8::9"}) {
    INFO(text);
    const NeighbourKey key{veth, address(text)};
    REQUIRE(netlink.enter_neighbour(key, NeighbourUse::managed));
    CHECK(wait_for_event(netlink, [&](const Event& event) {
      return is_event<NeighbourEvent>(event, [&](const NeighbourEvent& e) {
        return e.entry.first == key && e.entry.second.mac == mac("02:00:00:00:00:0b") && e.entry.second.managed;
      });
    }));
    // One that is resolved keeps its MAC when it is entered anew.
    REQUIRE(netlink.enter_neighbour(key, NeighbourUse::managed));
    CHECK(find_neighbour(netlink, veth, text)->mac == mac("02:00:00:00:00:0b"));
    REQUIRE(netlink.delete_neighbour(key));
    CHECK_FALSE(find_neighbour(netlink, veth, text));
    CHECK_FALSE(netlink.delete_neighbour(key));
  }
}

TEST_CASE("neighbours are asked for once, and fail without an answer") {
  enter_new_namespace();
  REQUIRE(
      run("ip link add veth0 type veth peer veth1 && ip link set veth1 up && ip link set veth0 up &&"
          "ip addr add 10.0.0.1/24 dev veth0"));
  REQUIRE(set_sysctl("net/ipv4/neigh/veth0/retrans_time_ms", "10"));
  Netlink netlink = open_netlink();
  const NeighbourKey key{index_of("veth0"), address("10.0.0.9")};
  REQUIRE(netlink.enter_neighbour(key, NeighbourUse::once));
  CHECK(find_neighbour(netlink, key.link, "10.0.0.9"));
  CHECK(wait_for_event(netlink, [&](const Event& event) {
    return is_event<NeighbourEvent>(event, [&](const NeighbourEvent& e) {
      return e.entry == NeighbourEntry{key, {.state = NeighbourState::failed}};
    });
  }));
}

TEST_CASE("more managed neighbours than the kernel's table holds of others") {
  enter_new_namespace();
  REQUIRE(
      run("ip link add veth0 type veth peer veth1 && ip link set veth1 up && ip link set veth0 up &&"
          "ip addr add 10.0.0.1/16 dev veth0"));
  Netlink netlink = open_netlink();
  const int veth = index_of("veth0");
  int refused = 0;
  for (std::uint32_t i = 2; i < 3000; ++i)
    refused += !netlink.enter_neighbour({veth, net::Ipv4Address(0x0a000000u + i)}, NeighbourUse::managed);
  CHECK(refused == 0);
}
