// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "support/world.hpp"

/// Whom a new connection gets: what binds a client to a server, and what keeps connections from one.
using namespace fairway;
using namespace fairway::tests;
using conn::State;
using forward::Verdict;

namespace {

struct Fixture {
  World world{2, 1024};
  service::ServiceKey web = key_of("192.0.2.1");

  /// A persistent service of two servers; rr would begin with the second, 10.0.0.2.
  service::ServiceSpec sticky(std::uint32_t timeout = 300) {
    return {.name = {},
            .key = web,
            .scheduler = "rr",
            .persistence = timeout,
            .servers = {server_spec("10.0.0.1", 8080), server_spec("10.0.0.2", 8080)}};
  }
  /// By the worker that owns the flow.
  Outcome send(const PacketSpec& packet, net::PortId in = site::outside) {
    const Outcome outcome = world.send(packet, in);
    return outcome.verdict == Verdict::to_other_worker ? world.send(packet, in, outcome.owner) : outcome;
  }
  const conn::Hot* find(const PacketSpec& packet) {
    const conn::Hot* entry = world.find(packet, 0);
    return entry ? entry : world.find(packet, 1);
  }
  /// Opens a connection; the server's address, or what became of the SYN instead.
  std::string served_by(const PacketSpec& packet) {
    const Outcome outcome = send(packet);
    const conn::Hot* entry = find(packet);
    return entry ? net::to_string(entry->v4.server) : std::string(forward::name(outcome.verdict));
  }
  std::string served_by(std::uint16_t port, std::string_view client = "198.51.100.7") {
    return served_by(PacketSpec{.source = std::string(client), .source_port = port});
  }
  std::uint32_t persistent(std::string_view server) {
    return world.services.loads().persistent(world.services.id_of(web, server, 8080));
  }
  std::vector<conn::TemplateRow> templates() {
    std::vector<conn::TemplateRow> rows;
    world.templates.list(0, world.templates.buckets(), world.context().now,
                         [&](const conn::TemplateRow& row) { rows.push_back(row); });
    return rows;
  }
  bool is_overloaded(std::string_view server) {
    return world.services.loads().is_overloaded(world.services.id_of(web, server, 8080));
  }
  void end(std::uint16_t port) {
    send({.source_port = port, .flags = tcp_rst});
    send({.source_port = port, .flags = tcp_ack});
    send({.source_port = port, .flags = tcp_rst});
    pass(11);
  }
  /// As the world's, but in steps: what ends meanwhile ends at its time.
  void pass(unsigned whole_seconds) {
    while (whole_seconds-- > 0) world.pass(1000);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "connections of a client stay with a server, whichever worker has them") {
  world.services.add(sticky());
  for (std::uint16_t port = 2000; port < 2032; ++port) CHECK(served_by(port) == "10.0.0.2");
  CHECK(world.worker(0).connections.counts().connections > 0);
  CHECK(world.worker(1).connections.counts().connections > 0);
  CHECK(persistent("10.0.0.2") == 1);
  CHECK(served_by(3000, "198.51.100.8") == "10.0.0.1");
  CHECK(persistent("10.0.0.1") == 1);
}

TEST_CASE_METHOD(Fixture, "a client's server serves it at weight 0 and overloaded, and nobody else") {
  auto spec = sticky();
  spec.servers[1].upper_threshold = 2;
  world.services.add(spec);
  CHECK(served_by(2000) == "10.0.0.2");
  CHECK(served_by(2001) == "10.0.0.2");
  CHECK(is_overloaded("10.0.0.2"));
  CHECK(served_by(2002) == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.8") == "10.0.0.1");
  CHECK(served_by(2000, "198.51.100.9") == "10.0.0.1");
  world.services.set_weight(web, "10.0.0.2", 0);
  CHECK(served_by(2003) == "10.0.0.2");
}

TEST_CASE_METHOD(Fixture, "a template of a quiescent server is given up where the setting says so") {
  world.services.add(sticky());
  CHECK(served_by(2000) == "10.0.0.2");
  world.services.set_weight(web, "10.0.0.2", 0);
  service::Settings settings;
  settings.expire_quiescent_template = 1;
  world.services.table().put(settings);
  CHECK(served_by(2001) == "10.0.0.1");
  CHECK(persistent("10.0.0.2") == 1);
  world.services.set_weight(web, "10.0.0.2", 1);
  CHECK(served_by(2002) == "10.0.0.1");
}

TEST_CASE_METHOD(Fixture, "a template of a deleted server is replaced; a server that came back has its clients") {
  world.services.add(sticky());
  CHECK(served_by(2000) == "10.0.0.2");
  world.services.remove_server(web, "10.0.0.2");
  world.services.add_server(web, server_spec("10.0.0.2", 8080));
  CHECK(served_by(2001) == "10.0.0.2");
  world.services.remove_server(web, "10.0.0.2");
  CHECK(served_by(2002) == "10.0.0.1");
  world.services.add_server(web, server_spec("10.0.0.2", 8080));
  CHECK(served_by(2003) == "10.0.0.1");
}

TEST_CASE_METHOD(Fixture, "a service that is deleted and added again finds its clients' templates") {
  world.services.add(sticky());
  CHECK(served_by(2000) == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.8") == "10.0.0.1");
  world.services.remove(web);
  CHECK(served_by(2001) == "to_kernel");
  world.services.add(sticky());
  CHECK(served_by(2002) == "10.0.0.2");
  CHECK(served_by(2002, "198.51.100.8") == "10.0.0.1");
}

TEST_CASE_METHOD(Fixture, "clients of a network share a template") {
  auto spec = sticky();
  spec.persistence_prefix = 26;
  world.services.add(spec);
  CHECK(served_by(2000, "198.51.100.65") == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.127") == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.64") == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.63") == "10.0.0.1");
  CHECK(served_by(2000, "198.51.100.128") == "10.0.0.2");
  CHECK(persistent("10.0.0.2") == 2);
  CHECK(templates().size() == 3);
}

TEST_CASE_METHOD(Fixture, "a template is assured when one of its connections is established") {
  world.services.add(sticky());
  served_by(2000);
  REQUIRE(templates().size() == 1);
  CHECK_FALSE(templates()[0].assured);
  send({.source_port = 2000, .flags = tcp_ack});
  CHECK(templates()[0].assured);
  pass(1000);
  CHECK(templates().empty());
  served_by(2000);
  CHECK_FALSE(templates()[0].assured);
}

TEST_CASE_METHOD(Fixture, "a UDP flow's template is assured by a reply") {
  auto spec = sticky();
  web = spec.key = key_of("192.0.2.1", 53, net::Protocol::udp);
  world.services.add(spec);
  const PacketSpec query{.source_port = 2000, .destination_port = 53, .protocol = net::Protocol::udp};
  for (int i = 0; i < 3; ++i) send(query);
  REQUIRE(templates().size() == 1);
  CHECK_FALSE(templates()[0].assured);
  CHECK(send(reply_to(query, "10.0.0.2", 8080), site::inside).verdict == Verdict::transmit);
  CHECK(templates()[0].assured);
  CHECK(send(reply_to(query, "10.0.0.2", 8080), site::inside).verdict == Verdict::transmit);
}

TEST_CASE_METHOD(Fixture, "a template is held by its connections and over when they are") {
  world.services.add(sticky(50));
  served_by(2000);
  send({.source_port = 2000, .flags = tcp_ack});
  pass(100);  // put off at 50 s, to 110 s
  CHECK(persistent("10.0.0.2") == 1);
  pass(802);  // the connection ended at 900 s
  CHECK(templates().size() == 1);
  CHECK(templates()[0].connections == 0);
  pass(60);
  CHECK(persistent("10.0.0.2") == 0);
  CHECK(world.is_empty());
}

TEST_CASE_METHOD(Fixture, "a threshold that is reached keeps new connections away until there is room") {
  world.services.add({.name = {}, .key = web, .scheduler = "rr", .servers = {server_spec("10.0.0.1", 8080)}});
  auto& limits = world.services.limits()[world.services.id_of(web, "10.0.0.1", 8080).value];
  limits.set(4, 0);
  for (std::uint16_t port = 2000; port < 2004; ++port) CHECK(served_by(port) == "10.0.0.1");
  CHECK(served_by(2004) == "answer_port_unreachable");
  end(2000);
  CHECK(is_overloaded("10.0.0.1"));  // 4 · 3 is no less than 3 · 4
  CHECK(served_by(2004) == "answer_port_unreachable");
  end(2001);
  CHECK_FALSE(is_overloaded("10.0.0.1"));
  CHECK(served_by(2005) == "10.0.0.1");

  // A lower threshold of its own.
  limits.set(4, 1);
  CHECK(served_by(2006) == "10.0.0.1");
  CHECK(is_overloaded("10.0.0.1"));
  for (const std::uint16_t port : {std::uint16_t{2002}, std::uint16_t{2003}, std::uint16_t{2005}}) end(port);
  CHECK(is_overloaded("10.0.0.1"));
  end(2006);
  CHECK_FALSE(is_overloaded("10.0.0.1"));
}

TEST_CASE_METHOD(Fixture, "a threshold that is lowered takes effect with the next connection") {
  world.services.add({.name = {}, .key = web, .scheduler = "rr", .servers = {server_spec("10.0.0.1", 8080)}});
  auto& limits = world.services.limits()[world.services.id_of(web, "10.0.0.1", 8080).value];
  for (std::uint16_t port = 2000; port < 2004; ++port) served_by(port);
  limits.set(2, 0);
  CHECK(served_by(2004) == "10.0.0.1");
  CHECK(served_by(2005) == "answer_port_unreachable");
  limits.set(6, 0);
  CHECK(served_by(2006) == "10.0.0.1");
  CHECK(served_by(2007) == "answer_port_unreachable");
  limits.set(0, 0);
  CHECK(served_by(2008) == "10.0.0.1");
}

TEST_CASE_METHOD(Fixture, "a service of every port binds a client for all of them, and leaves packets their ports") {
  auto spec = sticky();
  spec.key = key_of("192.0.2.1", 0);
  spec.servers = {server_spec("10.0.0.1", 0), server_spec("10.0.0.2", 8080)};
  world.services.add(spec);
  for (const std::uint16_t port : {80, 443, 8080, 1}) {
    const PacketSpec packet{.destination_port = port};
    CHECK(served_by(packet) == "10.0.0.2");
    CHECK(find(packet)->server_port == tests::port(port));
  }
  REQUIRE(templates().size() == 1);
  CHECK(templates()[0].key.virtual_port.host() == 0);
  CHECK(templates()[0].connections == 4);
  CHECK(served_by(PacketSpec{.source = "198.51.100.8", .destination_port = 443}) == "10.0.0.1");
}

TEST_CASE_METHOD(Fixture, "FTP's data go to the server of its commands, by their own port") {
  auto spec = sticky();
  spec.key = key_of("192.0.2.1", 21);
  spec.servers = {server_spec("10.0.0.1", 2121), server_spec("10.0.0.2", 2121)};
  world.services.add(spec);
  const PacketSpec commands{.destination_port = 21}, data{.destination_port = 30000};
  CHECK(served_by(commands) == "10.0.0.2");
  CHECK(find(commands)->server_port == port(2121));
  CHECK(served_by(data) == "10.0.0.2");
  CHECK(find(data)->server_port == port(30000));
  REQUIRE(templates().size() == 1);
  CHECK(templates()[0].key.virtual_port.host() == 0);
}

TEST_CASE_METHOD(Fixture, "a service by mark binds a client for all that has the mark") {
  auto spec = sticky();
  spec.key = service::mark_key(0x0102);
  world.services.mark({{.mark = 0x0102}});
  world.services.add(spec);
  const PacketSpec http{}, other{.destination = "203.0.113.5", .destination_port = 443, .protocol = net::Protocol::udp};
  CHECK(served_by(http) == "10.0.0.2");
  CHECK(served_by(other) == "10.0.0.2");
  CHECK(find(http)->server_port == port(80));  // and not the server's, as the kernel has it where clients are bound
  CHECK(find(other)->server_port == port(443));
  CHECK(find(other)->v4.virtual_address == ipv4("203.0.113.5"));
  REQUIRE(templates().size() == 1);
  CHECK(templates()[0].key.protocol == net::Protocol{});
  CHECK(templates()[0].key.virtual_address.v4() == ipv4("0.0.1.2"));
}

TEST_CASE_METHOD(Fixture, "a service by mark that binds nobody goes by its servers' ports, if they have any") {
  world.services.mark({{.mark = 7}});
  world.services.add({.name = {},
                      .key = service::mark_key(7),
                      .scheduler = "rr",
                      .servers = {server_spec("10.0.0.1", 0), server_spec("10.0.0.2", 8080)}});
  const PacketSpec first{.source_port = 2000}, second{.source_port = 2001};
  CHECK(served_by(first) == "10.0.0.2");
  CHECK(find(first)->server_port == port(8080));
  CHECK(served_by(second) == "10.0.0.1");
  CHECK(find(second)->server_port == port(80));
}

TEST_CASE_METHOD(Fixture, "where a reply tuple is taken, the other server's port is the right one") {
  world.services.mark({{.mark = 7}});
  world.services.add({.name = {},
                      .key = service::mark_key(7),
                      .scheduler = "rr",
                      .servers = {server_spec("10.0.0.1", 0), server_spec("10.0.0.2", 8080)}});
  PacketSpec first{.source_port = 2000}, second = first, third = first;
  second.destination = "192.0.2.2";
  third.destination = "192.0.2.3";
  CHECK(served_by(first) == "10.0.0.2");
  CHECK(served_by(second) == "10.0.0.1");
  CHECK(served_by(third) == "drop_tuple_taken");
  CHECK(find(second)->server_port == port(80));
}

namespace {

struct OnePacket : Fixture {
  service::ServiceKey dns = key_of("192.0.2.1", 53, net::Protocol::udp);
  const PacketSpec query{.destination_port = 53, .protocol = net::Protocol::udp, .payload = 20};

  void serve(std::uint32_t persistence = 0, service::Forwarding forwarding = service::Forwarding::dr,
             std::uint16_t number = 53) {
    world.services.add(
        {.name = {},
         .key = dns,
         .scheduler = "rr",
         .persistence = persistence,
         .one_packet = true,
         .servers = {server_spec("10.0.0.1", number, forwarding), server_spec("10.0.0.2", number, forwarding)}});
  }
  struct Sum {
    std::uint64_t connections = 0, in_packets = 0, in_bytes = 0, now = 0;
  };
  Sum sum(std::string_view server, std::uint16_t number = 53) {
    Sum sum;
    for (unsigned worker = 0; worker < 2; ++worker) {
      const service::ServerLine& line = world.services.lines(worker)[world.services.id_of(dns, server, number).value];
      sum.connections += line.connections.get();
      sum.in_packets += line.in_packets.get();
      sum.in_bytes += line.in_bytes.get();
      sum.now += line.total.get() + line.active.get() + line.inactive.get();
    }
    return sum;
  }
  /// The last number of the server's MAC address, by which DR's packets go.
  static int served_by(const Outcome& outcome) { return outcome.verdict == Verdict::transmit ? outcome.frame[5] : 0; }
};

}  // namespace

TEST_CASE_METHOD(OnePacket, "each packet of a one-packet service is scheduled by itself and leaves nothing behind") {
  serve();
  std::vector<int> served;
  const unsigned owner = forward::owner_of(address(query.source), port(query.source_port), 2);
  for (const Outcome& outcome : world.burst({query, query, query, query}, site::outside, owner))
    served.push_back(served_by(outcome));
  CHECK(served == std::vector<int>{2, 1, 2, 1});
  CHECK(world.is_empty());
  CHECK_FALSE(find(query));
  for (const std::string server : {"10.0.0.1", "10.0.0.2"}) {
    CHECK(sum(server).connections == 2);
    CHECK(sum(server).in_packets == 2);
    CHECK(sum(server).in_bytes == 2 * 48);
    CHECK(sum(server).now == 0);
  }
}

TEST_CASE_METHOD(OnePacket, "NAT rewrites a packet that is scheduled by itself, and leaves its reply alone") {
  serve(0, service::Forwarding::nat, 5353);
  const Outcome outcome = send(query);
  REQUIRE(outcome.verdict == Verdict::transmit);
  const Bytes ip = outcome.ip();
  CHECK(has_right_checksums(ip));
  CHECK(ip[19] == 2);
  CHECK(get16(ip.data(), 22) == 5353);
  CHECK(send(reply_to(query, "10.0.0.2", 5353), site::inside).verdict == Verdict::to_kernel);
}

TEST_CASE_METHOD(OnePacket, "a template binds a client whose packets are scheduled by themselves") {
  serve(300);
  for (int i = 0; i < 4; ++i) CHECK(served_by(send(query)) == 2);
  PacketSpec other = query;
  other.source = "198.51.100.8";
  CHECK(served_by(send(other)) == 1);
  REQUIRE(templates().size() == 2);
  CHECK(templates()[0].connections == 0);
  CHECK_FALSE(templates()[0].assured);
  CHECK(world.is_empty());
}

TEST_CASE_METHOD(OnePacket, "a packet that is scheduled by itself is no more than one connection to a threshold") {
  serve();
  for (const std::string server : {"10.0.0.1", "10.0.0.2"})
    world.services.limits()[world.services.id_of(dns, server, 53).value].set(1, 0);
  for (int i = 0; i < 6; ++i) CHECK(served_by(send(query)) != 0);
  world.services.set_weight(dns, "10.0.0.1", 0);
  world.services.set_weight(dns, "10.0.0.2", 0);
  CHECK(send(query).verdict == Verdict::answer_port_unreachable);
}

TEST_CASE_METHOD(OnePacket, "a flow that has a connection keeps it when its service schedules packets by themselves") {
  world.services.add({.name = {}, .key = dns, .scheduler = "rr", .servers = {server_spec("10.0.0.1", 53)}});
  send(query);
  REQUIRE(find(query));
  world.services.remove(dns);
  serve();
  world.services.add_server(dns, server_spec("10.0.0.3", 53));
  send(query);
  CHECK(find(query)->in_packets == 2);
}

TEST_CASE_METHOD(OnePacket, "TCP of a service by mark has connections, its UDP packets none") {
  world.services.mark({{.mark = 7}});
  world.services.add({.name = {},
                      .key = service::mark_key(7),
                      .scheduler = "rr",
                      .one_packet = true,
                      .servers = {server_spec("10.0.0.1", 0, service::Forwarding::dr)}});
  const PacketSpec page{};
  CHECK(send(query).verdict == Verdict::transmit);
  CHECK_FALSE(find(query));
  CHECK(send(page).verdict == Verdict::transmit);
  CHECK(find(page));
}

namespace {

struct Bypass : Fixture {
  const PacketSpec cached{.destination = "203.0.113.80"};

  Bypass() {
    service::Settings settings;
    settings.cache_bypass = 1;
    world.services.table().put(settings);
    world.services.mark({{.mark = 7}});
    world.services.add(service::mark_key(7), "rr");
  }
};

}  // namespace

TEST_CASE_METHOD(Bypass, "without a server, what has a mark goes on to where it was sent to, and keeps doing so") {
  Outcome outcome = send(cached);
  CHECK(outcome.verdict == Verdict::transmit);
  CHECK(outcome.port == site::outside);
  PacketSpec expected = cached;
  expected.ttl = 63;
  CHECK(outcome.ip() == build_ip(expected));
  CHECK(Bytes(outcome.frame.begin(), outcome.frame.begin() + 6) == Bytes{2, 0, 0, 0, 0x0c, 1});
  REQUIRE(find(cached));
  CHECK(find(cached)->state == State::syn_recv);
  CHECK_FALSE(find(cached)->has(conn::Hot::no_output));

  world.services.add_server(service::mark_key(7), server_spec("10.0.0.1", 0));
  PacketSpec next = cached;
  next.flags = tcp_ack;
  CHECK(send(next).port == site::outside);
  CHECK(find(cached)->state == State::established);
  pass(901);
  CHECK(world.is_empty());
  CHECK(send(cached).port == site::inside);
}

TEST_CASE_METHOD(Bypass, "packets to the director, to nobody or to everybody are not let pass") {
  for (const std::string to : {"192.0.2.254", "10.0.0.254", "127.0.0.1", "224.0.0.1", "255.255.255.255"}) {
    INFO(to);
    PacketSpec packet = cached;
    packet.destination = to;
    const Verdict verdict = send(packet).verdict;
    CHECK(verdict != Verdict::transmit);
    CHECK_FALSE(find(packet));
  }
  CHECK(served_by(PacketSpec{.destination = "192.0.2.254"}) == "answer_port_unreachable");
  CHECK(served_by(PacketSpec{.destination = "172.16.0.1"}) == "0.0.0.0");  // no route leads there
  CHECK(send({.destination = "172.16.0.1", .flags = tcp_ack}).verdict == Verdict::drop_no_route);
}

TEST_CASE_METHOD(Bypass, "nothing is let pass without the setting, or to a service by address") {
  world.services.add(key_of("203.0.113.81", 0), "rr");
  world.services.mark({{.mark = 7, .destination = net::parse_prefix("203.0.113.80/32")}});
  CHECK(served_by(PacketSpec{.destination = "203.0.113.81"}) == "answer_port_unreachable");
  world.services.table().put(service::Settings());
  CHECK(served_by(cached) == "answer_port_unreachable");
}

TEST_CASE_METHOD(Bypass, "one packet by itself is let pass by itself") {
  world.services.remove(service::mark_key(7));
  world.services.add({.name = {}, .key = service::mark_key(7), .scheduler = "rr", .one_packet = true, .servers = {}});
  PacketSpec packet = cached;
  packet.protocol = net::Protocol::udp;
  CHECK(send(packet).port == site::outside);
  CHECK(world.is_empty());
}
