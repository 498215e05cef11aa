// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/hash.hpp"

#include <catch2/catch.hpp>

using namespace fairway;

TEST_CASE("an IPv6 address folds by XOR of its words") {
  CHECK(sched::fold(net::parse_address("2001:db8::1")->v6()) == (0x20010db8u ^ 1u));
  CHECK(sched::fold(net::parse_address("1:2:3:4:5:6:7:8")->v6()) ==
        (0x00010002u ^ 0x00030004u ^ 0x00050006u ^ 0x00070008u));
  CHECK(sched::fold(*net::parse_address("2001:db8::1")) == (0x20010db8u ^ 1u));
  CHECK(sched::fold(*net::parse_address("10.1.0.11")) == 0x0a01000bu);
}

TEST_CASE("a packet's client and destination are read from the tuple of its family") {
  net::PacketView packet;
  packet.tuple.source = net::Ipv4Address(0xcb007101u);
  packet.tuple.destination = net::Ipv4Address(0x0a000064u);
  packet.tuple.source_port = net::ServicePort(50001);
  CHECK(sched::client_of(packet) == 0xcb007101u);
  CHECK(sched::client_port_of(packet) == 50001);
  CHECK(sched::destination_of(packet) == 0x0a000064u);

  packet.family = net::Family::ipv6;
  packet.tuple6 = net::Tuple6();
  packet.tuple6.source = net::parse_address("2001:db8::7")->v6();
  packet.tuple6.destination = net::parse_address("2001:db8::100")->v6();
  packet.tuple6.source_port = net::ServicePort(50002);
  CHECK(sched::client_of(packet) == (0x20010db8u ^ 7u));
  CHECK(sched::client_port_of(packet) == 50002);
  CHECK(sched::destination_of(packet) == (0x20010db8u ^ 0x100u));
}

TEST_CASE("the golden hash is the upper bits of a product that wraps") {
  CHECK(sched::golden_hash(0, 8) == 0);
  CHECK(sched::golden_hash(1, 8) == 0x61);
  CHECK(sched::golden_hash(2, 8) == 0xc3);
  CHECK(sched::golden_hash(3, 8) == 0x25);  // 3 * 0x61c88647 = 0x1_2559_92d5
  CHECK(sched::golden_hash(1, 10) == 0x187);
  CHECK(sched::golden_hash(0xffffffffu, 8) == 0x9e);
}
