// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/spec.hpp"

#include <catch2/catch.hpp>

using namespace fairway;
using namespace fairway::service;

namespace {

net::Address address(const char* text) { return net::parse_address(text).value(); }
net::ServicePort port(unsigned number) { return net::ServicePort(static_cast<std::uint16_t>(number)); }
bool is_rr(std::string_view scheduler) { return scheduler == "rr"; }

ServerSpec server(const char* text, unsigned number = 80) { return {.address = address(text), .port = port(number)}; }

ServiceSpec sound() {
  return {.name = "web",
          .key = {.protocol = net::Protocol::tcp, .address = address("192.0.2.1"), .port = port(80)},
          .scheduler = "rr",
          .servers = {server("10.0.0.1"), server("10.0.0.2", 8080)}};
}

/// "key" or "key of server N", one a problem.
std::vector<std::string> blamed(const ServiceSpec& spec) {
  std::vector<std::string> keys;
  for (const Problem& problem : check(spec, is_rr)) {
    CHECK_FALSE(problem.message.empty());
    keys.push_back(std::string(problem.key) + (problem.server ? " of server " + std::to_string(*problem.server) : ""));
  }
  return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("a sound service has no problems, nor has one without servers") {
  ServiceSpec spec = sound();
  CHECK(blamed(spec).empty());
  spec.servers.clear();
  CHECK(blamed(spec).empty());
}

TEST_CASE("a virtual address is one that clients can send to") {
  ServiceSpec spec = sound();
  spec.servers.clear();
  spec.key.address = address(GENERATE("0.0.0.0", "255.255.255.255", "::"));
  CHECK(blamed(spec) == Keys{"address"});
}

TEST_CASE("a flag has to be the scheduler's own") {
  ServiceSpec spec = sound();
  spec.scheduler_flags.add(SchedulerFlag::sh_port);
  CHECK(blamed(spec) == Keys{"scheduler_flags"});
  CHECK(check(spec, is_rr)[0].message == "scheduler rr has no flag sh-port, it is sh's");
  spec.scheduler = "sh";
  CHECK(blamed(spec) == Keys{"scheduler"});  // no word on the flags of a scheduler that there is not
  const auto is_any = [](std::string_view) { return true; };
  CHECK(check(spec, is_any).empty());
  spec.scheduler_flags.add(SchedulerFlag::mh_fallback);
  REQUIRE(check(spec, is_any).size() == 1);
  CHECK(check(spec, is_any)[0].message == "scheduler sh has no flag mh-fallback, it is mh's");
}

TEST_CASE("service ports and schedulers are checked") {
  ServiceSpec spec = sound();
  spec.key.port = port(0);
  spec.scheduler = "fastest";
  CHECK(blamed(spec) == Keys{"port", "scheduler"});
  CHECK(check(spec, is_rr)[1].message == "there is no scheduler named 'fastest'");
}

TEST_CASE("the same server twice is refused, the second one to blame") {
  ServiceSpec spec = sound();
  spec.servers = {server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.1"), server("10.0.0.1", 81)};
  CHECK(blamed(spec) == Keys{"address of server 2"});
  CHECK(check(spec, is_rr)[0].message == "server 10.0.0.1:80 stands twice in this service");
}

TEST_CASE("a server has a unicast address of its service's family") {
  ServiceSpec spec = sound();
  spec.servers = {server("2001:db8::1"), server("224.0.0.1"), server("255.255.255.255"), server("0.0.0.0")};
  CHECK(blamed(spec) ==
        Keys{"address of server 0", "address of server 1", "address of server 2", "address of server 3"});
  spec.key.address = address("2001:db8::80");
  spec.servers = {server("2001:db8::1"), server("ff02::1"), server("::"), server("10.0.0.1")};
  CHECK(blamed(spec) == Keys{"address of server 1", "address of server 2", "address of server 3"});
}

TEST_CASE("weights run from 0 to 2147483647, service ports from 1") {
  ServiceSpec spec = sound();
  spec.servers[0].weight = 0;
  spec.servers[1].weight = 2147483647;
  CHECK(blamed(spec).empty());
  spec.servers[0].port = port(0);
  spec.servers[1].weight = 2147483648;
  CHECK(blamed(spec) == Keys{"port of server 0", "weight of server 1"});
}

TEST_CASE("only a NAT server may listen on another port than its service") {
  const auto forwarding = GENERATE(Forwarding::dr, Forwarding::tun);
  ServiceSpec spec = sound();
  spec.servers[0].forwarding = spec.servers[1].forwarding = forwarding;
  CHECK(blamed(spec) == Keys{"port of server 1"});
  CHECK(check_server(spec, spec.servers[0]).empty());
  CHECK(check_server(spec, spec.servers[1]).size() == 1);
}

TEST_CASE("every port of an address is a persistent service's only, and its servers' packets keep theirs") {
  ServiceSpec spec = sound();
  spec.key.port = port(0);
  spec.servers = {server("10.0.0.1", 0), server("10.0.0.2", 8080)};
  CHECK(blamed(spec) == Keys{"port"});
  CHECK(check(spec, is_rr)[0].message == "port 0, which is every port, is for persistent services only");
  spec.persistence = 300;
  CHECK(blamed(spec).empty());
  spec.servers[0].forwarding = spec.servers[1].forwarding = Forwarding::dr;
  CHECK(blamed(spec) == Keys{"port of server 1"});
}

TEST_CASE("a service by mark has nothing else, and any port for its servers") {
  ServiceSpec spec = sound();
  spec.key = mark_key(7);
  spec.servers = {server("10.0.0.1", 0), server("10.0.0.2", 8080)};
  spec.servers[1].forwarding = Forwarding::tun;
  CHECK(blamed(spec).empty());
  spec.servers.push_back(server("2001:db8::1"));
  CHECK(blamed(spec) == Keys{"address of server 2"});
  CHECK(check(spec, is_rr)[0].message == "server 2001:db8::1 and service mark 7 are of different address families");
  spec = sound();
  spec.key.mark = 7;
  CHECK(blamed(spec) == Keys{"mark"});
  spec.key = mark_key(7);
  spec.key.protocol = net::Protocol::udp;
  spec.servers.clear();
  CHECK(blamed(spec) == Keys{"mark"});
}

TEST_CASE("a persistence netmask needs persistence, and fits the address family") {
  ServiceSpec spec = sound();
  spec.persistence_prefix = 24;
  CHECK(blamed(spec) == Keys{"persistence_netmask"});
  CHECK(check(spec, is_rr)[0].message == "persistence netmask /24 is for persistent services only");
  spec.persistence = 300;
  CHECK(blamed(spec).empty());
  spec.persistence_prefix = 33;
  CHECK(blamed(spec) == Keys{"persistence_netmask"});
  CHECK(check(spec, is_rr)[0].message == "persistence netmask /33 is out of range /1../32");
  spec.key.address = address("2001:db8::80");
  spec.servers.clear();
  CHECK(blamed(spec).empty());
  spec.persistence_prefix = 129;
  CHECK(blamed(spec) == Keys{"persistence_netmask"});
}

TEST_CASE("netmasks are written as prefix lengths or in dots") {
  CHECK(parse_netmask("24") == 24);
  CHECK(parse_netmask("/24") == 24);
  CHECK(parse_netmask("255.255.255.0") == 24);
  CHECK(parse_netmask("255.255.255.255") == 32);
  CHECK(parse_netmask("128.0.0.0") == 1);
  CHECK(parse_netmask("/128") == 128);
  for (const char* text : {"", "/", "0", "/0", "129", "0.0.0.0", "255.0.255.0", "0.0.0.255", "ffff::", "/24 ", "x"}) {
    INFO(text);
    CHECK_FALSE(parse_netmask(text));
  }
}

TEST_CASE("one packet a connection is for what has no connections, or is not known to have any") {
  ServiceSpec spec = sound();
  spec.one_packet = true;
  CHECK(blamed(spec) == Keys{"one_packet"});
  spec.key.protocol = net::Protocol::udp;
  CHECK(blamed(spec).empty());
  spec.key = mark_key(7);
  CHECK(blamed(spec).empty());
}

TEST_CASE("a server's lower threshold is not above its upper one") {
  ServiceSpec spec = sound();
  spec.servers[0].upper_threshold = spec.servers[0].lower_threshold = 5;
  spec.servers[1].upper_threshold = 5;
  CHECK(blamed(spec).empty());
  spec.servers[1].lower_threshold = 6;
  CHECK(blamed(spec) == Keys{"lower_threshold of server 1"});
  CHECK(check(spec, is_rr)[0].message == "lower threshold 6 is above upper threshold 5");
}

TEST_CASE("a server's last weight is the latest that was more than 0, and said of servers of weight 0 only") {
  ServerSpec one = server("10.0.0.1");
  CHECK(one.latest_weight() == 1);
  one.set_weight(5);
  CHECK(one.last_weight == 0);
  for (int times = 0; times < 2; ++times) {
    one.set_weight(0);
    CHECK(one.last_weight == 5);
    CHECK(one.latest_weight() == 5);
  }
  ServiceSpec spec = sound();
  spec.servers[0] = one;
  CHECK(blamed(spec).empty());
  spec.servers[0].weight = 3;
  spec.servers[1].weight = 0;
  spec.servers[1].last_weight = 3'000'000'000;
  CHECK(blamed(spec) == Keys{"last_weight of server 0", "last_weight of server 1"});
  CHECK(check(spec, is_rr)[0].message == "last weight 5 is for servers of weight 0, not 3");
}

TEST_CASE("every problem of a server is named, not the first alone") {
  ServiceSpec spec = sound();
  spec.servers = {
      {.address = address("ff02::1"), .port = port(0), .weight = 3'000'000'000, .forwarding = Forwarding::dr}};
  CHECK(blamed(spec) == Keys{"address of server 0", "address of server 0", "port of server 0", "weight of server 0",
                             "port of server 0"});
}

TEST_CASE("forwarding methods and protocols have names that are read back") {
  for (const auto forwarding : {Forwarding::nat, Forwarding::dr, Forwarding::tun})
    CHECK(parse_forwarding(to_string(forwarding)) == forwarding);
  CHECK_FALSE(parse_forwarding("masq"));
  CHECK_FALSE(parse_forwarding(""));
  for (const auto protocol : {net::Protocol::tcp, net::Protocol::udp})
    CHECK(parse_protocol(to_string(protocol)) == protocol);
  CHECK_FALSE(parse_protocol("sctp"));
  CHECK_FALSE(parse_protocol("?"));
  CHECK(to_string(net::Protocol::icmp) == "?");
}

TEST_CASE("a service is named by protocol, address and port, or by its mark") {
  CHECK(to_string(sound().key) == "tcp 192.0.2.1:80");
  CHECK(to_string(ServiceKey{.protocol = net::Protocol::udp, .address = address("2001:db8::1"), .port = port(53)}) ==
        "udp [2001:db8::1]:53");
  CHECK(to_string(mark_key(7)) == "mark 7");
  CHECK(to_string(mark_key(4294967295u, net::Family::ipv6)) == "mark 4294967295 ipv6");
}
