// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/mapping.hpp"

#include <catch2/catch.hpp>

#include "unit/config/lines.hpp"

using namespace fairway::config;

TEST_CASE("an unknown key is named with the key that is near") {
  CHECK(problems_of_service("sheduler: rr") ==
        Lines{"f.yaml:3:39: unknown key 'sheduler' (did you mean 'scheduler'?)"});
  CHECK(problems_of_port("adresses: []") == Lines{"f.yaml:1:39: unknown key 'adresses' (did you mean 'addresses'?)"});
  CHECK(problems_of("prots: []") ==
        Lines{"f.yaml:1:1: this file has no 'ports'", "f.yaml:1:1: unknown key 'prots' (did you mean 'ports'?)"});
}

TEST_CASE("an unknown key with none near is answered with those there are") {
  CHECK(unknown_key("acl", "file", {"ports", "services"}) == "unknown key 'acl'; a file has ports, services");
  CHECK(unknown_key("", "file", {"mtu"}) == "unknown key ''; a file has mtu");
  CHECK(unknown_key("ip", "file", {"mtu"}) == "unknown key 'ip'; a file has mtu");
  CHECK(unknown_key(std::string(100'000, 'x'), "file", {"mtu"}) ==
        "unknown key '" + std::string(60, 'x') + "...'; a file has mtu");
  CHECK(problems_below_port("services:\n  - {address: 192.168.4.15, port: 80, weight: 1}\n") ==
        Lines{"f.yaml:3:39: unknown key 'weight'; a service has name, address, port, protocol, mark, scheduler, "
              "scheduler_flags, forwarding, persistence, persistence_netmask, one_packet, servers"});
}

TEST_CASE("a key of another case is another key") {
  CHECK(problems_of_port("MTU: 1500").size() == 1);
  CHECK(problems_of_port("Mtu: 1500") == Lines{"f.yaml:1:39: unknown key 'Mtu' (did you mean 'mtu'?)"});
}

TEST_CASE("a required key that is missing is blamed on its mapping") {
  CHECK(problems_of("ports:\n  - mtu: 1500\n") ==
        Lines{"f.yaml:2:5: this port has no 'device'", "f.yaml:2:5: this port has no 'name'"});
  CHECK(problems_below_port("services:\n  - servers:\n      - weight: 1\n") ==
        Lines{"f.yaml:3:5: this service has no 'address'", "f.yaml:3:5: this service has no 'port'",
              "f.yaml:4:9: this server has no 'address'"});
}

TEST_CASE("lists hold mappings") {
  CHECK(problems_of("ports: [a]") == Lines{"f.yaml:1:9: ports: each port is a mapping of keys to values"});
  CHECK(problems_of("ports: a") == Lines{"f.yaml:1:8: ports: is a word where a list is expected"});
  CHECK(problems_of("ports: {name: a}") == Lines{"f.yaml:1:8: ports: is a mapping where a list is expected"});
  CHECK(problems_below_port("services: [~]\n") ==
        Lines{"f.yaml:2:12: services: each service is a mapping of keys to values"});
  CHECK(problems_below_port("director: [1]\n") ==
        Lines{"f.yaml:2:11: director: is a list where a mapping is expected"});
}

TEST_CASE("where a list or mapping is expected, nothing stands for an empty one") {
  CHECK(problems_below_port("services:\ndirector:\n") == Lines{});
  CHECK(problems_of_service("servers:") == Lines{});
}
