// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/tap.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "unit/route/name_space.hpp"
#include "unit/route/values.hpp"

using namespace fairway;
using namespace fairway::route;

namespace {

PortSettings outside() {
  PortSettings port = port_with_twin(0, "fw-outside");
  port.mac = mac("02:00:00:00:00:0a");
  port.mtu = 1400;
  port.addresses = {prefix("192.168.4.5/24"), prefix("192.168.4.15/32"), prefix("2001:db8::5/64")};
  return port;
}

/// How often the address stands on the link, ready for use.
long count_of(Netlink& netlink, int link, const char* text) {
  const auto addresses = netlink.addresses().value();
  return std::ranges::count_if(addresses, [&](const LinkAddress& address) {
    return address.link == link && address.prefix == prefix(text) && address.usable;
  });
}

std::string error_of(const base::Result<Tap>& result) { return result ? "" : result.error().message; }

}  // namespace

TEST_CASE("a twin gets its port's MAC, MTU and addresses, and is up") {
  enter_new_namespace();
  const auto tap = Tap::open("fw-outside");
  REQUIRE(tap);
  auto netlink = Netlink::open();
  REQUIRE(set_up_twin(*netlink, outside()));
  const Link link = link_of(*netlink, "fw-outside");
  CHECK(link.mac == mac("02:00:00:00:00:0a"));
  CHECK(link.mtu == 1400);
  CHECK(link.up);
  CHECK(link.carrier);
  for (const char* text : {"192.168.4.5/24", "192.168.4.15/32", "2001:db8::5/64"})
    CHECK(count_of(*netlink, link.index, text) == 1);
}

TEST_CASE("addresses are put on a twin and taken away one by one, however often") {
  enter_new_namespace();
  const auto tap = Tap::open("fw-outside");
  REQUIRE(tap);
  auto netlink = Netlink::open();
  REQUIRE(set_up_twin(*netlink, outside()));
  const int link = link_of(*netlink, "fw-outside").index;
  for (const char* text : {"192.168.4.99/32", "2001:db8::99/128"}) {
    for (int i = 0; i < 2; ++i) CHECK(add_to_twin(*netlink, "fw-outside", prefix(text)));
    CHECK(count_of(*netlink, link, text) == 1);
    for (int i = 0; i < 2; ++i) CHECK(take_from_twin(*netlink, "fw-outside", prefix(text)));
    CHECK(count_of(*netlink, link, text) == 0);
  }
  CHECK(!add_to_twin(*netlink, "fw-nowhere", prefix("192.168.4.99/32")));
  CHECK(!take_from_twin(*netlink, "fw-nowhere", prefix("192.168.4.99/32")));
}

TEST_CASE("frames pass both ways, and reading an empty twin does not block") {
  enter_new_namespace();
  const auto tap = Tap::open("fw-outside");
  REQUIRE(tap);
  CHECK((::fcntl(tap->descriptor(), F_GETFL) & O_NONBLOCK) != 0);
  REQUIRE(set_sysctl("net/ipv6/conf/fw-outside/disable_ipv6", "1"));
  auto netlink = Netlink::open();
  PortSettings port = outside();
  port.addresses.pop_back();
  REQUIRE(set_up_twin(*netlink, port));

  // Who has 192.168.4.5? tell 192.168.4.9, from 02:00:00:00:00:99.
  const std::array<std::uint8_t, 42> request = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   0x99, 8, 6,
                                                0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0,    0, 0x99,
                                                192,  168,  4,    9,    0,    0,    0, 0, 0, 0, 192, 168,  4, 5};
  REQUIRE(::write(tap->descriptor(), request.data(), request.size()) == 42);
  std::array<std::uint8_t, 2048> reply{};
  REQUIRE(wait_until({tap->descriptor()}, [&] { return ::read(tap->descriptor(), reply.data(), reply.size()) >= 42; }));
  const std::uint8_t answer[] = {2, 0, 0, 0, 0, 0x99, 2, 0, 0, 0, 0, 0x0a, 8,   6,   0, 1,
                                 8, 0, 6, 4, 0, 2,    2, 0, 0, 0, 0, 0x0a, 192, 168, 4, 5};
  CHECK(std::memcmp(reply.data(), answer, sizeof answer) == 0);
  CHECK(::read(tap->descriptor(), reply.data(), reply.size()) == -1);
  CHECK(errno == EAGAIN);
}

TEST_CASE("a closed twin keeps all but its carrier, and is found again by name") {
  enter_new_namespace();
  auto netlink = Netlink::open();
  int index = 0;
  {
    const auto tap = Tap::open("fw-outside");
    REQUIRE(tap);
    REQUIRE(set_up_twin(*netlink, outside()));
    index = link_of(*netlink, "fw-outside").index;
    REQUIRE(
        run("ip addr add 192.168.4.77/32 dev fw-outside && ip route add 10.0.0.0/8 via 192.168.4.254 &&"
            "ip link add vrrp.1 link fw-outside type macvlan mode private"));
  }
  CHECK(link_of(*netlink, "fw-outside").up);
  CHECK_FALSE(link_of(*netlink, "fw-outside").carrier);
  CHECK(count_of(*netlink, index, "192.168.4.5/24") == 1);

  const auto tap = Tap::open("fw-outside");
  REQUIRE(tap);
  REQUIRE(set_up_twin(*netlink, outside()));
  const Link link = link_of(*netlink, "fw-outside");
  CHECK(link.index == index);
  CHECK(link.carrier);
  CHECK(link_of(*netlink, "vrrp.1").parent == index);
  for (const char* text : {"192.168.4.5/24", "192.168.4.15/32", "192.168.4.77/32", "2001:db8::5/64"})
    CHECK(count_of(*netlink, index, text) == 1);
  const auto routes = netlink->routes().value();
  CHECK(std::ranges::count(routes, prefix("10.0.0.0/8"), &KernelRoute::destination) == 1);
}

TEST_CASE("what cannot be opened is refused with its reason") {
  enter_new_namespace();
  const auto held = Tap::open("fw-outside");
  REQUIRE(held);
  CHECK_THAT(error_of(Tap::open("fw-outside")), Catch::Contains("fw-outside: another process holds it"));
  REQUIRE(run("ip link add veth0 type veth peer veth1 && ip tuntap add tun0 mode tun"));
  CHECK_THAT(error_of(Tap::open("veth0")), Catch::Contains("no TAP"));
  CHECK_THAT(error_of(Tap::open("tun0")), Catch::Contains("no TAP"));
  CHECK_THAT(error_of(Tap::open("a-name-too-long-")), Catch::Contains("1 to 15 characters"));
  CHECK_THAT(error_of(Tap::open("")), Catch::Contains("1 to 15 characters"));
  CHECK_THAT(error_of(Tap::open("fw%d")), Catch::Contains("pattern"));
}

TEST_CASE("an address that cannot be put on the twin is named") {
  enter_new_namespace();
  const auto tap = Tap::open("fw-outside");
  REQUIRE(tap);
  auto netlink = Netlink::open();
  PortSettings port = outside();
  port.addresses = {prefix("224.0.0.1/32"), prefix("2001:db8::5/64")};
  REQUIRE(set_sysctl("net/ipv6/conf/fw-outside/disable_ipv6", "1"));
  const auto done = set_up_twin(*netlink, port);
  REQUIRE_FALSE(done);
  CHECK_THAT(done.error().message, Catch::Contains("2001:db8::5/64 on fw-outside"));
}

TEST_CASE("the device below a port must have no addresses but the link's own") {
  enter_new_namespace();
  auto netlink = Netlink::open();
  REQUIRE(
      run("ip link add veth0 type veth peer veth1 && ip link set veth1 up && ip link set veth0 up &&"
          "ip addr add fe80::77/64 nodad dev veth0"));
  CHECK(check_has_no_addresses(*netlink, "veth0"));
  REQUIRE(run("ip addr add 10.0.0.1/24 dev veth1 && ip addr add 2001:db8::1/64 dev veth0"));
  const auto refused = check_has_no_addresses(*netlink, "veth0");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::StartsWith("veth0 has the address 2001:db8::1/64"));
  CHECK_FALSE(check_has_no_addresses(*netlink, "veth1"));
  CHECK_FALSE(check_has_no_addresses(*netlink, "nowhere"));
}
