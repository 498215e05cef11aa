// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "config/rules.hpp"
#include "unit/config/lines.hpp"

using namespace fairway::config;

TEST_CASE("a rule for marks has a mark, and values that can be read") {
  CHECK(problems_below_port("marks: [{mark: 7}]\n") == Lines{});
  CHECK(problems_below_port("marks: [{protocol: tcp}]\n") == Lines{"f.yaml:2:9: this rule has no 'mark'"});
  CHECK(
      problems_below_port("marks:\n"
                          "  - mark: 0\n"
                          "    protocol: icmp\n"
                          "    source: 10.0.0.0/33\n"
                          "    destination: everywhere\n"
                          "    source_ports: 2-1\n"
                          "    destination_ports: 80,443\n") ==
      Lines{"f.yaml:3:11: mark: 0 is out of range 1..4294967295", "f.yaml:4:15: protocol: 'icmp' is none of tcp | udp",
            "f.yaml:5:13: source: '10.0.0.0/33' is not a network such as 192.168.4.0/24",
            "f.yaml:6:18: destination: 'everywhere' is not a network such as 192.168.4.0/24",
            "f.yaml:7:19: source_ports: '2-1' is not a port, 0..65535, or a range of them such as 8000-8010",
            "f.yaml:8:24: destination_ports: '80,443' is not a port, 0..65535, or a range of them such as 8000-8010"});
}

TEST_CASE("a rule for marks stands once, and is one of IPv4") {
  CHECK(problems_below_port("marks:\n"
                            "  - {mark: 7, destination_ports: 80}\n"
                            "  - {mark: 7, destination_ports: 443}\n"
                            "  - {mark: 8, destination_ports: 80}\n"
                            "  - {destination_ports: 80-80, mark: 7}\n") ==
        Lines{"f.yaml:6:5: the rule mark 7 port 80 stands already on line 3"});
  CHECK(
      problems_below_port("marks: [{mark: 7, source: '2001:db8::/32', destination: 10.0.0.1}]\n") ==
      Lines{"f.yaml:2:27: source: marks of IPv6 packets are not built yet",
            "f.yaml:2:27: source: source 2001:db8::/32 and destination 10.0.0.1/32 are of different address families"});
}

TEST_CASE("there are not more rules for marks than packets can be held against") {
  std::string text = "marks:\n";
  for (unsigned mark = 1; mark <= fairway::service::most_mark_rules; ++mark)
    text += "  - {mark: " + std::to_string(mark) + "}\n";
  CHECK(problems_below_port(text) == Lines{});
  CHECK(problems_below_port(text + "  - {mark: 7, protocol: tcp}\n") ==
        Lines{"f.yaml:1027:5: marks: more than 1024 rules"});
}
