// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/layout.hpp"

#include <catch2/catch.hpp>

#include "unit/route/values.hpp"

using namespace fairway;
using namespace fairway::route;

namespace {

Link child(int index, const std::string& name, LinkKind kind, int parent, std::uint16_t vlan = no_vlan) {
  Link link = route::link(index, name, "02:00:00:00:01:0" + std::to_string(index));
  link.kind = kind;
  link.parent = parent;
  link.vlan = vlan;
  return link;
}

KernelState kernel_with(std::vector<Link> links) {
  KernelState kernel;
  for (Link& link : links) kernel.links[link.index] = std::move(link);
  return kernel;
}

}  // namespace

TEST_CASE("a twin is its port's segment, and other links are none of ours") {
  const auto kernel = kernel_with({link(1, "lo", "00:00:00:00:00:00"), link(2, "eth0", "02:00:00:00:00:ee"),
                                   link(7, "fw1", "02:00:00:00:00:01"), link(8, "fw0", "02:00:00:00:00:00")});
  const Layout layout = make_layout({port_with_twin(0, "fw0"), port_with_twin(1, "fw1")}, kernel);
  CHECK(layout.by_link.size() == 2);
  CHECK(layout.by_link.at(8) == Segment{net::PortId{0}, no_vlan});
  CHECK(layout.by_link.at(7) == Segment{net::PortId{1}, no_vlan});
  CHECK(layout.segments.at({net::PortId{1}, no_vlan}).link == 7);
  CHECK(layout.ports[1].name == "port1");
}

TEST_CASE("VLAN and macvlan children stand on their twin, other children do not") {
  const auto kernel = kernel_with({link(2, "fw0", "02:00:00:00:00:00"), link(9, "eth0", "02:00:00:00:00:ee"),
                                   child(3, "fw0.7", LinkKind::vlan, 2, 7), child(4, "vrrp.1", LinkKind::macvlan, 2),
                                   child(5, "vrrp.2", LinkKind::macvlan, 3), child(6, "in.9", LinkKind::vlan, 3, 9),
                                   child(7, "veth", LinkKind::other, 2), child(8, "eth0.7", LinkKind::vlan, 9, 7)});
  const Layout layout = make_layout({port_with_twin(0, "fw0")}, kernel);
  const net::PortId port{0};
  CHECK(layout.by_link.size() == 4);
  CHECK(layout.by_link.at(3) == Segment{port, 7});
  CHECK(layout.by_link.at(4) == Segment{port, no_vlan});
  CHECK(layout.by_link.at(5) == Segment{port, 7});
  CHECK(layout.segments.at({port, no_vlan}).link == 2);
  CHECK(layout.segments.at({port, 7}).link == 3);
  const auto& macs = layout.ports[0].macs;
  CHECK(macs == std::vector{mac("02:00:00:00:00:00"), mac("02:00:00:00:01:03"), mac("02:00:00:00:01:04"),
                            mac("02:00:00:00:01:05")});
}

TEST_CASE("links that stand on each other in a ring are not followed for ever") {
  const auto kernel = kernel_with(
      {child(2, "a", LinkKind::macvlan, 3), child(3, "b", LinkKind::macvlan, 2), link(4, "fw0", "02:00:00:00:00:00")});
  CHECK(make_layout({port_with_twin(0, "fw0")}, kernel).by_link.size() == 1);
}

TEST_CASE("the twin's own addresses come before those of its children, unusable ones not at all") {
  auto kernel = kernel_with({link(5, "fw0", "02:00:00:00:00:00"), child(3, "vrrp.1", LinkKind::macvlan, 5)});
  kernel.addresses = {{.link = 3, .prefix = prefix("192.168.4.15/32")},
                      {.link = 5, .prefix = prefix("192.168.4.5/24")},
                      {.link = 5, .prefix = prefix("fe80::1/64"), .is_global = false},
                      {.link = 5, .prefix = prefix("2001:db8::5/64"), .usable = false},
                      {.link = 5, .prefix = prefix("2001:db8::6/64")},
                      {.link = 1, .prefix = prefix("127.0.0.1/8")}};
  const Layout layout = make_layout({port_with_twin(0, "fw0")}, kernel);
  CHECK(layout.ports[0].local ==
        std::vector{address("192.168.4.5"), address("fe80::1"), address("2001:db8::6"), address("192.168.4.15")});
}

TEST_CASE("the source towards a neighbour is the address in its subnet, else the first global one") {
  auto kernel = kernel_with({link(2, "fw0", "02:00:00:00:00:00"), link(3, "fw1", "02:00:00:00:00:01")});
  kernel.addresses = {{.link = 2, .prefix = prefix("192.0.2.9/32")},
                      {.link = 2, .prefix = prefix("10.0.0.1/24")},
                      {.link = 2, .prefix = prefix("10.0.1.1/24")},
                      {.link = 2, .prefix = prefix("fe80::1/64"), .is_global = false},
                      {.link = 2, .prefix = prefix("2001:db8::1/64")}};
  const Layout layout = make_layout({port_with_twin(0, "fw0"), port_with_twin(1, "fw1")}, kernel);
  const Segment segment{net::PortId{0}, no_vlan};
  CHECK(layout.source_towards(segment, address("10.0.1.77")) == address("10.0.1.1"));
  CHECK(layout.source_towards(segment, address("10.0.2.77")) == address("192.0.2.9"));
  CHECK(layout.source_towards(segment, address("fe80::99")) == address("2001:db8::1"));
  // A segment without addresses borrows, as the kernel's unnumbered links do.
  CHECK(layout.source_towards({net::PortId{1}, no_vlan}, address("10.9.0.1")) == address("192.0.2.9"));
  CHECK(layout.source_towards({net::PortId{1}, 5}, address("10.9.0.1")) == std::nullopt);
}

TEST_CASE("a port without a twin has what its configuration says") {
  PortSettings port = static_port(1);
  port.vlan = 30;
  port.mtu = 9000;
  port.addresses = {prefix("10.0.0.1/24"), prefix("10.0.0.15/32")};
  const Layout layout = make_layout({port}, {});
  REQUIRE(layout.ports.size() == 2);
  CHECK(layout.ports[1].local == std::vector{address("10.0.0.1"), address("10.0.0.15")});
  CHECK(layout.ports[1].macs == std::vector{port.mac});
  const SegmentInfo& info = layout.segments.at({net::PortId{1}, 30});
  CHECK(info.link == 0);
  CHECK(info.mtu == 9000);
}

TEST_CASE("what fits is the smaller of the port's MTU and its link's") {
  auto kernel = kernel_with({link(2, "fw0", "02:00:00:00:00:00"), child(3, "fw0.7", LinkKind::vlan, 2, 7)});
  kernel.links[2].mtu = 9000;
  kernel.links[3].mtu = 1400;
  const Layout layout = make_layout({port_with_twin(0, "fw0")}, kernel);
  CHECK(layout.segments.at({net::PortId{0}, no_vlan}).mtu == 1500);
  CHECK(layout.segments.at({net::PortId{0}, 7}).mtu == 1400);
}
