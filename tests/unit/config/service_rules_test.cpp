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
