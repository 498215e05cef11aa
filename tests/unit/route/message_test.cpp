// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/message.hpp"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>
#include <catch2/catch.hpp>
#include <functional>

#include "unit/route/values.hpp"

using namespace fairway;
using namespace fairway::route;

// What a kernel of this machine says of links, addresses, routes and neighbours is in netlink_test.cpp. Here is what cannot
// be had from every kernel.
namespace {

template <class Header>
struct Message {
  explicit Message(std::uint16_t type) : message(mnl_nlmsg_put_header(bytes.data())) {
    message->nlmsg_type = type;
    header = static_cast<Header*>(mnl_nlmsg_put_extra_header(message, sizeof(Header)));
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  void put(std::uint16_t type, const net::Address& address) {
    mnl_attr_put(message, type, address.is_v4() ? 4 : 16, address.bytes.bytes.data());
  }
  template <class T>
  std::optional<T> parse() const {
    const auto event = parse_message(*message);
    return event ? std::optional(std::get<T>(*event)) : std::nullopt;
  }

  alignas(nlmsghdr) std::array<char, 1024> bytes{};
  nlmsghdr* message;
  Header* header;
};

Link vlan_with_protocol(std::uint16_t protocol) {
  Message<ifinfomsg> message(RTM_NEWLINK);
  message.header->ifi_index = 7;
  message.header->ifi_flags = IFF_UP;
  mnl_attr_put_strz(message.message, IFLA_IFNAME, "fw0.100");
  mnl_attr_put_u32(message.message, IFLA_LINK, 3);
  nlattr* info = mnl_attr_nest_start(message.message, IFLA_LINKINFO);
  mnl_attr_put_strz(message.message, IFLA_INFO_KIND, "vlan");
  nlattr* data = mnl_attr_nest_start(message.message, IFLA_INFO_DATA);
  mnl_attr_put_u16(message.message, IFLA_VLAN_ID, 100);
  mnl_attr_put_u16(message.message, IFLA_VLAN_PROTOCOL, net::Big16(protocol).raw());
  mnl_attr_nest_end(message.message, data);
  mnl_attr_nest_end(message.message, info);
  const auto event = message.parse<LinkEvent>();
  REQUIRE(event);
  return event->link;
}

struct RouteMessage : Message<rtmsg> {
  RouteMessage() : Message(RTM_NEWROUTE) {
    header->rtm_family = AF_INET;
    header->rtm_table = RT_TABLE_MAIN;
    header->rtm_type = RTN_UNICAST;
    header->rtm_dst_len = 8;
    put(RTA_DST, address("10.0.0.0"));
    mnl_attr_put_u32(message, RTA_OIF, 3);
  }
};

struct NeighbourMessage : Message<ndmsg> {
  explicit NeighbourMessage(const char* text = "10.0.0.9") : Message(RTM_NEWNEIGH) {
    header->ndm_family = address(text).is_v4() ? AF_INET : AF_INET6;
    header->ndm_ifindex = 3;
    header->ndm_state = NUD_REACHABLE;
    put(NDA_DST, address(text));
  }
};

}  // namespace

TEST_CASE("of the table local only routes to the director itself are heeded") {
  RouteMessage message;
  message.header->rtm_table = RT_TABLE_LOCAL;
  CHECK_FALSE(message.parse<RouteEvent>());
  message.header->rtm_type = RTN_BROADCAST;
  CHECK_FALSE(message.parse<RouteEvent>());
  message.header->rtm_type = RTN_LOCAL;
  const auto event = message.parse<RouteEvent>();
  REQUIRE(event);
  CHECK(event->route.is_local);
  CHECK(event->route.destination == prefix("10.0.0.0/8"));
  CHECK(event->route.hops.empty());
  message.header->rtm_table = RT_TABLE_MAIN;
  CHECK_FALSE(message.parse<RouteEvent>());
}

TEST_CASE("a VLAN child is known by its kind") {
  const Link link = vlan_with_protocol(0x8100);
  CHECK(link.index == 7);
  CHECK(link.name == "fw0.100");
  CHECK(link.kind == LinkKind::vlan);
  CHECK(link.vlan == 100);
  CHECK(link.parent == 3);
  CHECK(link.up);
}

TEST_CASE("a VLAN of a provider bridge (802.1ad) is none that a next hop could be tagged for") {
  CHECK(vlan_with_protocol(0x88a8).kind == LinkKind::other);
}

TEST_CASE("a bridge that lets its port go does not take the link away") {
  Message<ifinfomsg> message(RTM_DELLINK);
  message.header->ifi_family = AF_BRIDGE;
  message.header->ifi_index = 7;
  CHECK_FALSE(parse_message(*message.message));
  message.header->ifi_family = AF_UNSPEC;
  REQUIRE(message.parse<LinkEvent>());
  CHECK(message.parse<LinkEvent>()->gone);
}

TEST_CASE("routes that the director cannot follow are not heeded") {
  CHECK(RouteMessage().parse<RouteEvent>());
  const auto heeded = [](const std::function<void(RouteMessage&)>& change) {
    RouteMessage message;
    change(message);
    return message.parse<RouteEvent>().has_value();
  };
  CHECK_FALSE(heeded([](auto& route) { route.header->rtm_table = RT_TABLE_LOCAL; }));
  CHECK_FALSE(heeded([](auto& route) { mnl_attr_put_u32(route.message, RTA_TABLE, 1000); }));
  CHECK_FALSE(heeded([](auto& route) { route.header->rtm_type = RTN_MULTICAST; }));
  CHECK_FALSE(heeded([](auto& route) { route.header->rtm_src_len = 64; }));
  CHECK_FALSE(heeded([](auto& route) { route.header->rtm_flags = RTM_F_CLONED; }));
  CHECK_FALSE(heeded([](auto& route) { route.header->rtm_family = AF_MPLS; }));
}

TEST_CASE("a next hop that wraps its packets is by none of the director's links") {
  RouteMessage message;
  mnl_attr_put_u16(message.message, RTA_ENCAP_TYPE, 1);
  nlattr* encapsulation = mnl_attr_nest_start(message.message, RTA_ENCAP);
  mnl_attr_nest_end(message.message, encapsulation);
  const auto event = message.parse<RouteEvent>();
  REQUIRE(event);
  REQUIRE(event->route.hops.size() == 1);
  CHECK(event->route.hops[0].link == 0);
}

TEST_CASE("a multipath route that is cut off gives the hops that are whole") {
  RouteMessage message;
  rtnexthop hops[2] = {};
  hops[0] = {.rtnh_len = sizeof(rtnexthop), .rtnh_flags = RTNH_F_DEAD, .rtnh_hops = 4, .rtnh_ifindex = 5};
  hops[1] = {.rtnh_len = 4 * sizeof(rtnexthop), .rtnh_flags = 0, .rtnh_hops = 0, .rtnh_ifindex = 6};
  mnl_attr_put(message.message, RTA_MULTIPATH, sizeof hops, hops);
  const auto event = message.parse<RouteEvent>();
  REQUIRE(event);
  REQUIRE(event->route.hops.size() == 1);
  CHECK(event->route.hops[0].link == 5);
  CHECK(event->route.hops[0].weight == 5);
  CHECK(event->route.hops[0].dead);
}

TEST_CASE("neighbours that are none to send to are not heeded") {
  CHECK(NeighbourMessage().parse<NeighbourEvent>());
  CHECK(NeighbourMessage("2001:db8::9").parse<NeighbourEvent>());
  CHECK_FALSE(NeighbourMessage("224.0.0.1").parse<NeighbourEvent>());
  CHECK_FALSE(NeighbourMessage("ff02::1").parse<NeighbourEvent>());
  NeighbourMessage no_arp, proxy, bridge;
  no_arp.header->ndm_state = NUD_NOARP;
  CHECK_FALSE(no_arp.parse<NeighbourEvent>());
  proxy.header->ndm_flags = NTF_PROXY;
  CHECK_FALSE(proxy.parse<NeighbourEvent>());
  bridge.header->ndm_family = AF_BRIDGE;
  CHECK_FALSE(bridge.parse<NeighbourEvent>());
}

TEST_CASE("attributes that are too short or of another size count as absent") {
  NeighbourMessage message;
  mnl_attr_put_u16(message.message, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
  mnl_attr_put_u64(message.message, NDA_LLADDR, 0);  // as of InfiniBand, not of Ethernet
  const auto event = message.parse<NeighbourEvent>();
  REQUIRE(event);
  CHECK_FALSE(event->entry.second.managed);
  CHECK_FALSE(event->entry.second.mac);
}

TEST_CASE("messages that are cut off or of other kinds are no events") {
  for (std::uint16_t type : {RTM_NEWLINK, RTM_DELADDR, RTM_NEWROUTE, RTM_DELNEIGH}) {
    Message<rtgenmsg> message(type);
    CHECK_FALSE(parse_message(*message.message));
  }
  CHECK_FALSE(parse_message(*Message<rtmsg>(RTM_NEWRULE).message));
}
