// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/table.hpp"

#include <catch2/catch.hpp>

#include "support/retired.hpp"

using namespace fairway;
using namespace fairway::service;
using tests::Retired;

namespace {

net::Address address(const char* text) { return net::parse_address(text).value(); }

Service service_at(const char* virtual_address, std::uint16_t port, net::Protocol protocol = net::Protocol::tcp) {
  Service service;
  service.key = {.protocol = protocol, .address = address(virtual_address), .port = net::ServicePort(port)};
  return service;
}

Endpoint nat_server(const char* text, std::uint16_t port) {
  return endpoint_of(net::Protocol::tcp, address(text), net::ServicePort(port));
}

struct Fixture {
  Retired retired;
  Table table{Retired::keep, &retired};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a service is found by protocol, address and port, in its newest version") {
  const Service web = service_at("192.0.2.1", 80), newer = service_at("192.0.2.1", 80);
  const Service dns = service_at("192.0.2.1", 80, net::Protocol::udp);
  table.put(web);
  table.put(dns);
  CHECK(table.find(endpoint_of(web.key)) == &web);
  CHECK(table.find(endpoint_of(dns.key)) == &dns);
  CHECK(table.find(nat_server("192.0.2.1", 81)) == nullptr);
  CHECK(table.find(nat_server("192.0.2.2", 80)) == nullptr);
  table.put(newer);
  CHECK(table.find(endpoint_of(web.key)) == &newer);
  CHECK(table.size() == 2);
  CHECK(table.remove(web.key));
  CHECK_FALSE(table.remove(web.key));
  CHECK(table.find(endpoint_of(web.key)) == nullptr);
  CHECK(table.find(endpoint_of(dns.key)) == &dns);
}

TEST_CASE_METHOD(Fixture, "an address is the director's concern as long as any service has it") {
  const Service web = service_at("192.0.2.1", 80), newer = service_at("192.0.2.1", 80);
  const Service tls = service_at("192.0.2.1", 443);
  CHECK_FALSE(table.concerns(address("192.0.2.1")));
  table.put(web);
  table.put(tls);
  table.put(newer);  // not one use more
  CHECK(table.concerns(address("192.0.2.1")));
  table.remove(web.key);
  CHECK(table.concerns(address("192.0.2.1")));
  table.remove(tls.key);
  CHECK_FALSE(table.concerns(address("192.0.2.1")));
}

TEST_CASE_METHOD(Fixture, "a NAT server counts once for each service that it is in") {
  const Endpoint server = nat_server("10.0.0.1", 8080);
  CHECK_FALSE(table.is_nat_server(server));
  table.add_nat_server(server);
  table.add_nat_server(server);
  CHECK(table.is_nat_server(server));
  CHECK(table.concerns(address("10.0.0.1")));
  CHECK_FALSE(table.is_nat_server(nat_server("10.0.0.1", 8081)));
  table.remove_nat_server(server);
  CHECK(table.is_nat_server(server));
  table.remove_nat_server(server);
  CHECK_FALSE(table.is_nat_server(server));
  CHECK_FALSE(table.concerns(address("10.0.0.1")));
}

TEST_CASE_METHOD(Fixture, "an address that is a service's and a NAT server's stays until both are gone") {
  const Service web = service_at("192.0.2.1", 80);
  table.put(web);
  table.add_nat_server(nat_server("192.0.2.1", 8080));
  table.remove(web.key);
  CHECK(table.concerns(address("192.0.2.1")));
  table.remove_nat_server(nat_server("192.0.2.1", 8080));
  CHECK_FALSE(table.concerns(address("192.0.2.1")));
}

TEST_CASE_METHOD(Fixture, "removing a NAT server that is none changes nothing") {
  table.add_nat_server(nat_server("10.0.0.1", 80));
  table.remove_nat_server(nat_server("10.0.0.2", 80));
  CHECK(table.is_nat_server(nat_server("10.0.0.1", 80)));
}

TEST_CASE_METHOD(Fixture, "IPv6 services are found beside IPv4 ones") {
  const Service six = service_at("2001:db8::1", 80), four = service_at("192.0.2.1", 80);
  table.put(six);
  table.put(four);
  CHECK(table.find(endpoint_of(six.key)) == &six);
  CHECK(table.find(endpoint_of(four.key)) == &four);
  CHECK(table.concerns(address("2001:db8::1")));
  CHECK_FALSE(table.concerns(address("2001:db8::2")));
}

TEST_CASE_METHOD(Fixture, "a NAT server of every port is one whatever its port") {
  table.add_nat_server(nat_server("10.0.0.1", 0));
  table.add_nat_server(nat_server("10.0.0.2", 80));
  CHECK(table.is_nat_server(nat_server("10.0.0.1", 80)));
  CHECK(table.is_nat_server(nat_server("10.0.0.1", 65535)));
  CHECK_FALSE(table.is_nat_server(nat_server("10.0.0.2", 81)));
  CHECK_FALSE(
      table.is_nat_server(endpoint_of(net::Protocol::udp, address("10.0.0.1"), net::ServicePort(std::uint16_t{80}))));
  table.remove_nat_server(nat_server("10.0.0.1", 0));
  CHECK_FALSE(table.is_nat_server(nat_server("10.0.0.1", 80)));
}

TEST_CASE_METHOD(Fixture, "a NAT server that is in a service now is one of its very port") {
  table.nat_server_came(nat_server("10.0.0.1", 80));
  table.nat_server_came(nat_server("10.0.0.1", 80));
  table.nat_server_came(nat_server("10.0.0.2", 0));
  table.nat_server_left(nat_server("10.0.0.1", 80));
  CHECK(table.has_nat_server(nat_server("10.0.0.1", 80)));
  CHECK_FALSE(table.has_nat_server(nat_server("10.0.0.2", 80)));
  CHECK_FALSE(table.is_nat_server(nat_server("10.0.0.1", 80)));
  CHECK_FALSE(table.concerns(address("10.0.0.1")));
  table.nat_server_left(nat_server("10.0.0.1", 80));
  CHECK_FALSE(table.has_nat_server(nat_server("10.0.0.1", 80)));
}

TEST_CASE_METHOD(Fixture, "what is asked of packets for no service depends on what there is") {
  CHECK(table.specials() == 0);
  const Service any = service_at("192.0.2.1", 0), ftp = service_at("192.0.2.1", 21), web = service_at("192.0.2.1", 80);
  table.put(web);
  CHECK(table.specials() == 0);
  table.put(any);
  table.put(any);  // a new version of it
  table.put(ftp);
  CHECK(table.specials() == (Table::any_port | Table::ftp));
  table.remove(any.key);
  CHECK(table.specials() == Table::ftp);
  table.remove(ftp.key);
  table.remove(ftp.key);
  CHECK(table.specials() == 0);

  Service marked;
  marked.key = mark_key(21);
  table.put(MarkRules({MarkRule{.mark = 21}, MarkRule{.mark = 22}}));
  CHECK(table.specials() == 0);
  table.put(marked);
  CHECK(table.specials() == Table::marks);
  table.put(MarkRules());
  CHECK(table.specials() == 0);
  table.put(MarkRules({MarkRule{.mark = 21}, MarkRule{.mark = 22}}));
  CHECK(table.specials() == Table::marks);
  table.remove(marked.key);
  CHECK(table.specials() == 0);

  table.add_nat_server(nat_server("10.0.0.1", 80));
  CHECK(table.specials() == 0);
  table.add_nat_server(nat_server("10.0.0.1", 0));
  table.add_nat_server(nat_server("10.0.0.1", 0));
  table.remove_nat_server(nat_server("10.0.0.1", 0));
  CHECK(table.specials() == Table::any_port_server);
  table.set_local_server(true);
  table.remove_nat_server(nat_server("10.0.0.1", 0));
  CHECK(table.specials() == Table::local_server);
  table.set_local_server(false);
  CHECK(table.specials() == 0);
}
