// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/marks.hpp"

#include <catch2/catch.hpp>

using namespace fairway;
using namespace fairway::service;

namespace {

net::Tuple4 tuple(const char* source, unsigned source_port, const char* destination, unsigned destination_port,
                  net::Protocol protocol = net::Protocol::tcp) {
  return {.source = net::parse_address(source)->v4(),
          .destination = net::parse_address(destination)->v4(),
          .source_port = net::ServicePort(static_cast<std::uint16_t>(source_port)),
          .destination_port = net::ServicePort(static_cast<std::uint16_t>(destination_port)),
          .protocol = protocol};
}

MarkRule rule_of(std::uint32_t mark) { return {.mark = mark}; }

std::vector<std::string> blamed(const MarkRule& rule) {
  std::vector<std::string> keys;
  for (const Problem& problem : check(rule)) keys.emplace_back(problem.key);
  return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("a packet gets the mark of the first rule that it matches") {
  MarkRule web = rule_of(1), clients = rule_of(2), rest = rule_of(3);
  web.protocol = net::Protocol::tcp;
  web.destination = net::parse_prefix("192.168.4.15/32");
  web.destination_ports = {80, 443};
  clients.source = net::parse_prefix("10.1.0.0/16");
  clients.source_ports = {1024, 65535};
  rest.protocol = net::Protocol::udp;
  const MarkRules rules({web, clients, rest});
  CHECK(rules.mark_of(tuple("10.1.2.3", 5000, "192.168.4.15", 80)) == 1);
  CHECK(rules.mark_of(tuple("10.1.2.3", 5000, "192.168.4.15", 443)) == 1);
  CHECK(rules.mark_of(tuple("10.1.2.3", 5000, "192.168.4.15", 79)) == 2);
  CHECK(rules.mark_of(tuple("10.1.2.3", 5000, "192.168.4.15", 444)) == 2);
  CHECK(rules.mark_of(tuple("10.1.2.3", 5000, "192.168.4.15", 80, net::Protocol::udp)) == 2);
  CHECK(rules.mark_of(tuple("10.1.2.3", 1023, "192.168.4.15", 80, net::Protocol::udp)) == 3);
  CHECK(rules.mark_of(tuple("10.2.2.3", 5000, "192.168.4.16", 80)) == 0);
  CHECK(MarkRules().mark_of(tuple("10.1.2.3", 5000, "192.168.4.15", 80)) == 0);
}

TEST_CASE("ports are written as one or as a range, and read back") {
  CHECK(parse_ports("80") == PortRange{80, 80});
  CHECK(parse_ports("8000-8010") == PortRange{8000, 8010});
  CHECK(parse_ports("0-65535")->is_any());
  for (const char* text : {"", "-", "80-", "-80", "8010-8000", "65536", "80-65536", "80,81", "http", "80 "}) {
    INFO(text);
    CHECK_FALSE(parse_ports(text));
  }
  for (const PortRange ports : {PortRange{80, 80}, {1, 2}, {}}) CHECK(parse_ports(to_string(ports)) == ports);
}

TEST_CASE("a network is a prefix, or one address") {
  CHECK(net::to_string(parse_network("10.0.0.0/8").value()) == "10.0.0.0/8");
  CHECK(net::to_string(parse_network("10.0.0.1").value()) == "10.0.0.1/32");
  CHECK(net::to_string(parse_network("2001:db8::1").value()) == "2001:db8::1/128");
  for (const char* text : {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "any"}) CHECK_FALSE(parse_network(text));
}

TEST_CASE("a rule is named by all that it says") {
  MarkRule rule = rule_of(7);
  CHECK(to_string(rule) == "mark 7");
  rule.protocol = net::Protocol::tcp;
  rule.source = net::parse_prefix("10.0.0.0/8");
  rule.source_ports = {1024, 65535};
  rule.destination = net::parse_prefix("192.168.4.15/32");
  rule.destination_ports = {80, 80};
  CHECK(to_string(rule) == "mark 7 tcp from 10.0.0.0/8 port 1024-65535 to 192.168.4.15/32 port 80");
}

TEST_CASE("a rule that no packet can match, or that marks with nothing, is refused") {
  MarkRule rule = rule_of(7);
  CHECK(blamed(rule).empty());
  rule.mark = 0;
  rule.protocol = net::Protocol::icmp;
  rule.source = net::parse_prefix("10.0.0.0/8");
  rule.destination = net::parse_prefix("2001:db8::/32");
  rule.source_ports = {2, 1};
  rule.destination_ports = {443, 80};
  CHECK(blamed(rule) == Keys{"mark", "protocol", "source", "source_ports", "destination_ports"});
}
