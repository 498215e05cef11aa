// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "config/rules.hpp"
#include "unit/config/lines.hpp"

using namespace fairway::config;

TEST_CASE("there is at least one port") {
  CHECK(problems_of("services: []\n") == Lines{"f.yaml:1:1: this file has no 'ports'"});
  CHECK(problems_of("services: []\nports:\n") == Lines{"f.yaml:2:1: ports: there must be at least one"});
  CHECK(problems_of("ports: []\n") == Lines{"f.yaml:1:8: ports: there must be at least one"});
}

TEST_CASE("each port has a name of its own") {
  CHECK(problems_of("ports:\n"
                    "  - {name: a, device: net_null0}\n"
                    "  - {name: a, device: net_null1}\n") ==
        Lines{"f.yaml:3:12: the port name 'a' stands already on line 2"});
}

TEST_CASE("each port has a device of its own, however it is written") {
  CHECK(problems_of("ports:\n"
                    "  - {name: a, device: \"0000:0a:00.0\"}\n"
                    "  - {name: b, device: \"0A:00.0,x=1\"}\n"
                    "  - {name: c, device: net_null0}\n"
                    "  - {name: d, device: \"net_null0,size=64\"}\n") ==
        Lines{"f.yaml:3:23: the device 0000:0a:00.0 stands already on line 2",
              "f.yaml:5:23: the device net_null0 stands already on line 4"});
}

TEST_CASE("twins and devices share no Linux interface") {
  CHECK(problems_of("ports:\n"
                    "  - {name: a, device: net_null0, kernel_interface: fw0}\n"
                    "  - {name: b, device: net_null1, kernel_interface: fw0}\n") ==
        Lines{"f.yaml:3:52: the Linux interface 'fw0' stands already on line 2"});
  CHECK(problems_of("ports:\n"
                    "  - {name: a, device: \"net_af_xdp0,iface=eth1\"}\n"
                    "  - {name: b, device: \"net_af_packet0,iface=eth1\"}\n"
                    "  - {name: c, device: \"net_tap0,iface=eth2\", kernel_interface: eth2}\n") ==
        Lines{"f.yaml:3:23: the Linux interface 'eth1' stands already on line 2",
              "f.yaml:4:23: the Linux interface 'eth2' stands already on line 4"});
}

TEST_CASE("an address is on one port, once") {
  CHECK(problems_of(
            "ports:\n"
            "  - {name: a, device: net_null0, addresses: [10.0.0.1/24, 10.0.0.1/32]}\n"
            "  - {name: b, device: net_null1, addresses: [10.0.0.2/24, 10.0.0.1/8, \"::1/64\", \"0::1/64\"]}\n") ==
        Lines{"f.yaml:2:59: the address 10.0.0.1 stands already on line 2",
              "f.yaml:3:59: the address 10.0.0.1 stands already on line 2",
              "f.yaml:3:81: the address ::1 stands already on line 3"});
}

TEST_CASE("a gateway is for a port without a twin, and its MAC address is known") {
  CHECK(problems_of_port("gateway: 10.0.0.9, neighbours: {10.0.0.9: 02:00:00:00:00:09}") == Lines{});
  CHECK(problems_of_port("gateway: 10.0.0.9, neighbours: {10.0.0.8: 02:00:00:00:00:09}") ==
        Lines{"f.yaml:1:48: gateway: 10.0.0.9 is none of this port's neighbours, and without a kernel_interface nobody "
              "finds its MAC address"});
  CHECK(
      problems_of_port("gateway: 10.0.0.9, kernel_interface: fw0") ==
      Lines{"f.yaml:1:48: gateway: a port with a kernel_interface has none; the kernel's routes say where packets go"});
  CHECK(problems_of_port("gateway: 10.0.0.9, neighbours: 5") ==
        Lines{"f.yaml:1:70: neighbours: is a word where a mapping is expected"});
}

TEST_CASE("each worker has a connection at least") {
  CHECK(problems_below_port("director: {workers: 4, connections: 4}\n") == Lines{});
  CHECK(problems_below_port("director: {workers: 4, connections: 3}\n") ==
        Lines{"f.yaml:2:37: connections: fewer than the 4 workers that share them"});
  CHECK(problems_below_port("director: {workers: 0-3, connections: 3}\n").size() == 1);
}
