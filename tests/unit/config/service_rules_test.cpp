// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "config/rules.hpp"
#include "unit/config/lines.hpp"

using namespace fairway::config;

TEST_CASE("each service that has a name has one of its own") {
  CHECK(problems_below_port("services:\n"
                            "  - {name: web, address: 192.168.4.15, port: 80}\n"
                            "  - {name: web, address: 192.168.4.15, port: 81}\n"
                            "  - {address: 192.168.4.15, port: 82}\n"
                            "  - {address: 192.168.4.15, port: 83}\n") ==
        Lines{"f.yaml:4:12: the service name 'web' stands already on line 3"});
}

TEST_CASE("services do not overlap: protocol, address and port name one") {
  CHECK(problems_below_port("services:\n"
                            "  - {address: 192.168.4.15, port: 80}\n"
                            "  - {address: 192.168.4.15, port: 80, protocol: udp}\n"
                            "  - {address: 192.168.4.15, port: 81}\n"
                            "  - {address: 192.168.4.15, port: 80, protocol: tcp}\n") ==
        Lines{"f.yaml:6:15: the service tcp 192.168.4.15:80 stands already on line 3"});
}

TEST_CASE("a service's scheduler is in the registry") {
  CHECK(problems_of_service("scheduler: rr") == Lines{});
  CHECK(problems_of_service("scheduler: RR") == Lines{"f.yaml:3:50: scheduler: there is no scheduler named 'RR'"});
  CHECK(problems_of_service("scheduler: [rr]") ==
        Lines{"f.yaml:3:50: scheduler: is a list where one value is expected"});
}

TEST_CASE("a flag is the scheduler's own") {
  CHECK(problems_of_service("scheduler: sh, scheduler_flags: [sh-port, sh-fallback]") == Lines{});
  CHECK(problems_of_service("scheduler_flags: [mh-port], scheduler: mh") == Lines{});
  CHECK(problems_of_service("scheduler: mh, scheduler_flags: [sh-port]") ==
        Lines{"f.yaml:3:71: scheduler_flags: scheduler mh has no flag sh-port, it is sh's"});
  CHECK(problems_of_service("scheduler_flags: [sh-port]") ==
        Lines{"f.yaml:3:56: scheduler_flags: scheduler wlc has no flag sh-port, it is sh's"});
  CHECK(problems_of_service("scheduler: xy, scheduler_flags: [sh-port]") ==
        Lines{"f.yaml:3:50: scheduler: there is no scheduler named 'xy'"});
}

TEST_CASE("a virtual address is one that clients can reach") {
  for (const char* address : {"0.0.0.0", "255.255.255.255"})
    CHECK(problems_below_port("services:\n  - {address: " + std::string(address) + ", port: 80}\n") ==
          Lines{"f.yaml:3:15: address: " + std::string(address) + " cannot be a virtual address"});
}

TEST_CASE("a real server's address is one machine's") {
  for (const char* address : {"0.0.0.0", "255.255.255.255", "224.0.0.1"})
    CHECK(problems_of_service("servers: [{address: " + std::string(address) + "}]") ==
          Lines{"f.yaml:3:59: address: " + std::string(address) + " is not a unicast address"});
}

TEST_CASE("the same server stands once in a service") {
  CHECK(problems_of_service(
            "servers: [{address: 10.0.0.1}, {address: 10.0.0.1, port: 81}, {address: 10.0.0.1, port: 80}]") ==
        Lines{"f.yaml:3:111: address: server 10.0.0.1:80 stands twice in this service"});
}

TEST_CASE("a DR or TUN server has its service's port, a NAT server any") {
  CHECK(problems_of_service("forwarding: dr, servers: [{address: 10.0.0.1, port: 80}, {address: 10.0.0.2}]") ==
        Lines{});
  CHECK(problems_of_service("forwarding: nat, servers: [{address: 10.0.0.1, port: 81}]") == Lines{});
  CHECK(problems_of_service("forwarding: dr, servers: [{address: 10.0.0.1, port: 81}]") ==
        Lines{"f.yaml:3:91: port: a dr server has its service's port 80, not 81"});
  CHECK(problems_of_service("forwarding: dr, servers: [{address: 10.0.0.1, port: 81, forwarding: nat}]") == Lines{});
  CHECK(problems_of_service("servers: [{address: 10.0.0.1, port: 81, forwarding: tun}]") ==
        Lines{"f.yaml:3:75: port: a tun server has its service's port 80, not 81"});
}

TEST_CASE("a service has an address and a port, or a mark and neither") {
  CHECK(problems_below_port("services:\n  - {name: web}\n") ==
        Lines{"f.yaml:3:5: this service has no 'address'", "f.yaml:3:5: this service has no 'port'"});
  CHECK(problems_below_port("services:\n  - {mark: 7, address: 10.0.0.1, port: 80, protocol: udp}\n") ==
        Lines{"f.yaml:3:24: address: a service by mark has none", "f.yaml:3:40: port: a service by mark has none",
              "f.yaml:3:54: protocol: a service by mark has none"});
  CHECK(problems_below_port("services:\n  - {mark: 7}\n  - {mark: 7, name: b}\n") ==
        Lines{"f.yaml:4:12: the service mark 7 stands already on line 3"});
  CHECK(problems_below_port("services:\n  - {mark: 0}\n") ==
        Lines{"f.yaml:3:12: mark: 0 is out of range 1..4294967295"});
  CHECK(problems_below_port("services:\n  - {mark: x, servers: [{address: 10.0.0.1, port: 0, forwarding: dr}]}\n") ==
        Lines{"f.yaml:3:12: mark: 'x' is not a whole number"});
}

TEST_CASE("port 0 and netmasks are for persistent services") {
  CHECK(problems_below_port("services: [{address: 10.0.0.1, port: 0, persistence: 60}]\n") == Lines{});
  CHECK(problems_below_port("services: [{address: 10.0.0.1, port: 0}]\n") ==
        Lines{"f.yaml:2:38: port: port 0, which is every port, is for persistent services only"});
  CHECK(problems_of_service("persistence_netmask: 24") ==
        Lines{"f.yaml:3:60: persistence_netmask: persistence netmask /24 is for persistent services only"});
  CHECK(problems_of_service("persistence: 60, persistence_netmask: /33") ==
        Lines{"f.yaml:3:77: persistence_netmask: persistence netmask /33 is out of range /1../32"});
  CHECK(problems_of_service("persistence: 60, persistence_netmask: 255.0.255.0") ==
        Lines{"f.yaml:3:77: persistence_netmask: '255.0.255.0' is not a netmask such as 24, /24 or 255.255.255.0"});
}

TEST_CASE("one packet a connection is for UDP and marks") {
  CHECK(problems_of_service("one_packet: true, protocol: udp") == Lines{});
  CHECK(problems_below_port("services: [{mark: 7, one_packet: true}]\n") == Lines{});
  CHECK(problems_of_service("one_packet: true") ==
        Lines{"f.yaml:3:51: one_packet: one-packet scheduling is for UDP services and services by mark, not for "
              "tcp 192.168.4.15:80"});
}

TEST_CASE("a lower threshold is not above the upper one") {
  CHECK(problems_of_service("servers: [{address: 10.0.0.1, upper_threshold: 5, lower_threshold: 5}]") == Lines{});
  CHECK(problems_of_service("servers: [{address: 10.0.0.1, upper_threshold: 5, lower_threshold: 6}]") ==
        Lines{"f.yaml:3:106: lower_threshold: lower threshold 6 is above upper threshold 5"});
  CHECK(problems_of_service("servers: [{address: 10.0.0.1, lower_threshold: 1}]") ==
        Lines{"f.yaml:3:86: lower_threshold: lower threshold 1 is above upper threshold 0"});
}

TEST_CASE("a service and its servers are of one address family") {
  CHECK(problems_of_service("servers: [{address: \"2001:db8::1\"}]") ==
        Lines{"f.yaml:3:59: address: server 2001:db8::1 and service 192.168.4.15 are of different address families"});
}

TEST_CASE("what is not built yet is refused in so many words") {
  CHECK(problems_below_port(
            "services:\n  - {address: \"2001:db8::15\", port: 80, servers: [{address: \"2001:db8::1\"}]}\n") ==
        Lines{"f.yaml:3:15: address: IPv6 services are not built yet"});
}

TEST_CASE("rules say nothing about values that could not be read") {
  CHECK(problems_below_port(
            "services:\n"
            "  - {address: x, port: y, protocol: z, scheduler: rr, forwarding: dr, servers: [\n"
            "       {address: 10.0.0.1, port: 81}, {address: 10.0.0.2}, {address: \"::1\"}, {address: w},\n"
            "       {address: 10.0.0.1, port: 81}]}\n") ==
        Lines{"f.yaml:3:15: address: 'x' is not an IP address", "f.yaml:3:24: port: 'y' is not a whole number",
              "f.yaml:3:37: protocol: 'z' is none of tcp | udp", "f.yaml:4:88: address: 'w' is not an IP address",
              "f.yaml:5:18: address: server 10.0.0.1:81 stands twice in this service"});
  CHECK(problems_of_service("forwarding: dr, servers: [{address: 10.0.0.1, port: x}, {address: 10.0.0.1, port: x}]")
            .size() == 2);
}

TEST_CASE("a service whose address no port has is doubtful, once for each address") {
  const auto loaded = load_text(
      "ports: [{name: a, device: net_null0, addresses: [10.0.0.1/24]}]\n"
      "services:\n"
      "  - {address: 10.0.0.1, port: 80}\n"
      "  - {address: 10.0.0.2, port: 80}\n"
      "  - {address: 10.0.0.2, port: 81}\n",
      is_scheduler);
  CHECK(loaded.configuration.has_value());
  CHECK(lines_of(loaded.warnings) == Lines{"f.yaml:4:15: address: no port has 10.0.0.2 among its addresses; somebody "
                                           "else, as keepalived, has to add it"});
}

TEST_CASE("rules say nothing about a value that goes by one that could not be read") {
  CHECK(problems_below_port("services: [{address: 10.0.0.1, port: 0, persistence: x, persistence_netmask: 24}]\n") ==
        Lines{"f.yaml:2:54: persistence: 'x' is not a duration such as 300, 300s, 5m or 2h"});
  CHECK(problems_of_service("protocol: x, one_packet: true") ==
        Lines{"f.yaml:3:49: protocol: 'x' is none of tcp | udp"});
  CHECK(problems_of_service("servers: [{address: 10.0.0.1, upper_threshold: x, lower_threshold: 6}]") ==
        Lines{"f.yaml:3:86: upper_threshold: 'x' is not a whole number"});
}

TEST_CASE("a mark without a rule, or without a service, is doubtful") {
  const auto loaded = load_text(
      "ports: [{name: a, device: net_null0}]\n"
      "marks: [{mark: 1}, {mark: 2, protocol: tcp}]\n"
      "services: [{mark: 2}, {mark: 3}]\n",
      is_scheduler);
  CHECK(loaded.configuration.has_value());
  CHECK(lines_of(loaded.warnings) == Lines{"f.yaml:2:16: mark: there is no service of mark 1",
                                           "f.yaml:3:30: mark: no rule under marks gives mark 3"});
}
