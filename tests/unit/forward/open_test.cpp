// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/open.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using conn::State;
using forward::Verdict;
using service::Forwarding;

namespace {

PacketSpec client(unsigned number, std::uint8_t flags = tcp_syn) {
  return {.source_port = static_cast<std::uint16_t>(2000 + number), .flags = flags};
}

struct Fixture {
  World world{1, 256};
  service::ServiceKey web = key_of("192.0.2.1"), other_web = key_of("192.0.2.2");

  static net::Tuple4 tuple_of(const PacketSpec& spec) {
    return {.source = ipv4(spec.source),
            .destination = ipv4(spec.destination),
            .source_port = port(spec.source_port),
            .destination_port = port(spec.destination_port),
            .protocol = spec.protocol};
  }
  std::uint64_t hash_of(const PacketSpec& spec) { return world.connections().hash(tuple_of(spec)); }
  std::uint64_t opened(std::string_view server, const service::ServiceKey& key) {
    return world.services.lines(0)[world.services.id_of(key, server, 8080).value].connections.get();
  }
};

}  // namespace

TEST_CASE("which TCP packets may open a connection") {
  for (unsigned flags = 0; flags < 256; ++flags) {
    const Frame frame(PacketSpec{.flags = static_cast<std::uint8_t>(flags)});
    net::PacketView packet = frame.view();
    packet.tuple.protocol = net::Protocol::tcp;
    packet.tcp_flags = static_cast<std::uint8_t>(flags);
    packet.tuple.source_port = port(40000);
    REQUIRE(forward::may_open(packet, {}) == ((flags & tcp_syn) != 0 && (flags & tcp_rst) == 0));
    packet.tuple.source_port = port(20);  // FTP's data connections
    REQUIRE_FALSE(forward::may_open(packet, {}));
    packet.tuple.protocol = net::Protocol::udp;
    REQUIRE_FALSE(forward::may_open(packet, {}));
    packet.tuple.source_port = port(40000);
    REQUIRE(forward::may_open(packet, {}));
  }
}

TEST_CASE("with sloppy_tcp every TCP packet but a reset may open a connection") {
  net::PacketView packet;
  packet.tuple.protocol = net::Protocol::tcp;
  for (unsigned flags = 0; flags < 256; ++flags) {
    packet.tuple.source_port = port(40000);
    packet.tcp_flags = static_cast<std::uint8_t>(flags);
    CHECK(forward::may_open(packet, {.sloppy_tcp = 1}) == ((flags & tcp_rst) == 0));
    packet.tuple.source_port = port(20);
    CHECK_FALSE(forward::may_open(packet, {.sloppy_tcp = 1}));
  }
}

TEST_CASE_METHOD(Fixture, "with sloppy_tcp a connection that another director knew goes on where it was") {
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
  CHECK(world.send(client(1, tcp_ack)).verdict == Verdict::to_kernel);
  world.set({.sloppy_tcp = 1});
  CHECK(world.send(client(1, tcp_ack)).verdict == Verdict::transmit);
  CHECK(world.find(client(1))->state == State::established);
  CHECK(world.send(client(2, tcp_fin | tcp_ack)).verdict == Verdict::transmit);
  CHECK(world.find(client(2))->state == State::close);
  CHECK(world.send(client(3, tcp_rst)).verdict == Verdict::to_kernel);
}

TEST_CASE_METHOD(Fixture, "drop_packet takes every am_droprate-th packet that would open, and no other") {
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
  world.send(client(1));
  world.set({.am_droprate = 3, .drop_packet = 3});
  std::vector<bool> dropped;
  for (std::uint16_t i = 2; i < 11; ++i) {
    const Verdict verdict = world.send(client(i)).verdict;
    dropped.push_back(verdict == Verdict::drop_defence);
    if (!dropped.back()) CHECK(verdict == Verdict::transmit);
    CHECK(world.send(client(1)).verdict == Verdict::transmit);             // of a connection
    CHECK(world.send(client(99, tcp_ack)).verdict == Verdict::to_kernel);  // opens nothing
  }
  CHECK(dropped == std::vector<bool>{true, false, false, true, false, false, true, false, false});
}

TEST_CASE_METHOD(Fixture, "two packets of one new flow in a burst are of one connection") {
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080), server_spec("10.0.0.2", 8080)});
  const auto outcomes = world.burst({client(1), client(1), client(1, tcp_ack)});
  for (const Outcome& outcome : outcomes) CHECK(outcome.verdict == Verdict::transmit);
  CHECK(outcomes[0].frame == outcomes[1].frame);
  CHECK(world.connections().counts().connections == 1);
  CHECK(world.find(client(1))->in_packets == 3);
  CHECK(world.find(client(1))->state == State::established);
}

TEST_CASE_METHOD(Fixture,
                 "among many servers too the next choice goes by every connection that began, closed or ended") {
  std::vector<service::ServerSpec> servers;
  for (unsigned number = 0; number < 27; ++number)
    servers.push_back(server_spec(site::server_address(1 + number % 9), static_cast<std::uint16_t>(8080 + number / 9)));
  world.services.add(web, "lc", servers);
  const auto server_of = [&](unsigned number) { return world.find(client(number))->server_id; };
  std::set<service::ServerId> chosen;
  for (unsigned number = 0; number < 27; ++number) {
    CHECK(world.send(client(number)).verdict == Verdict::transmit);
    chosen.insert(server_of(number));
  }
  CHECK(chosen.size() == 27);
  const service::ServerId closed = server_of(7), ended = server_of(20);
  world.send(client(7, tcp_ack));
  world.send(client(7, tcp_rst));
  world.send(client(100));
  CHECK(server_of(100) == closed);
  world.connections().expire(world.connections().find(tuple_of(client(20)), hash_of(client(20)))->slot());
  world.send(client(101));
  CHECK(server_of(101) == ended);
}

TEST_CASE_METHOD(Fixture, "what a burst opens counts as active for those behind it in the burst") {
  world.services.add(web, "lc", {server_spec("10.0.0.1", 8080)});
  world.send(client(1));
  world.services.add_server(web, server_spec("10.0.0.2", 8080));
  world.burst({client(2), client(3), client(4)});
  CHECK(opened("10.0.0.2", web) == 2);  // first it has less, then as much and stands first
  CHECK(opened("10.0.0.1", web) == 2);
}

TEST_CASE_METHOD(Fixture, "a packet before the SYN of its flow in a burst opens nothing") {
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
  const auto outcomes = world.burst({client(1, tcp_ack), client(1)});
  CHECK(outcomes[0].verdict == Verdict::to_kernel);
  CHECK(outcomes[1].verdict == Verdict::transmit);
}

TEST_CASE_METHOD(Fixture, "without a server that takes connections the client is told") {
  world.services.add(web, "wlc");
  CHECK(world.send(client(1)).verdict == Verdict::answer_port_unreachable);
  world.services.add_server(web, server_spec("10.0.0.1", 8080, Forwarding::nat, 0));
  CHECK(world.send(client(1)).verdict == Verdict::answer_port_unreachable);
  CHECK(world.send(client(1, tcp_ack)).verdict == Verdict::to_kernel);  // the kernel resets it
  world.services.set_weight(web, "10.0.0.1", 1);
  CHECK(world.send(client(1)).verdict == Verdict::transmit);
  world.services.set_weight(web, "10.0.0.1", 0);
  CHECK(world.send(client(1, tcp_ack)).verdict == Verdict::transmit);  // old ones stay
  CHECK(world.send(client(2)).verdict == Verdict::answer_port_unreachable);
}

TEST_CASE_METHOD(Fixture, "where a reply tuple is taken, another server serves") {
  const std::vector<service::ServerSpec> servers{server_spec("10.0.0.1", 8080), server_spec("10.0.0.2", 8080)};
  world.services.add(web, "rr", servers);
  world.services.add(other_web, "rr", servers);
  const PacketSpec first = client(1);
  PacketSpec second = first, third = first;
  second.destination = "192.0.2.2";
  third.destination = "192.0.2.3";
  CHECK(world.send(first).verdict == Verdict::transmit);
  CHECK(world.find(first)->v4.server == ipv4("10.0.0.2"));
  CHECK(world.send(second).verdict == Verdict::transmit);  // rr would begin with 10.0.0.2 here too
  CHECK(world.find(second)->v4.server == ipv4("10.0.0.1"));

  const service::ServiceKey third_web = key_of("192.0.2.3");
  world.services.add(third_web, "rr", servers);
  CHECK(world.send(third).verdict == Verdict::drop_tuple_taken);
  CHECK(world.find(first));
  CHECK(world.find(second));
  CHECK_FALSE(world.find(third));
  CHECK(opened("10.0.0.1", third_web) + opened("10.0.0.2", third_web) == 0);
}

TEST_CASE_METHOD(Fixture, "a server of weight 0 does not help out where a reply tuple is taken") {
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
  world.services.add(other_web, "rr",
                     {server_spec("10.0.0.2", 8080, Forwarding::nat, 0), server_spec("10.0.0.1", 8080)});
  PacketSpec second = client(1);
  second.destination = "192.0.2.2";
  world.send(client(1));
  CHECK(world.send(second).verdict == Verdict::drop_tuple_taken);
}

TEST_CASE_METHOD(Fixture, "a reply tuple is taken over from a connection that is closing, also within one burst") {
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
  world.services.add(other_web, "rr", {server_spec("10.0.0.1", 8080)});
  PacketSpec second = client(1);
  second.destination = "192.0.2.2";
  world.send(client(1));
  world.send(client(1, tcp_ack));
  world.send(client(1, tcp_fin | tcp_ack));
  REQUIRE(world.find(client(1))->state == State::close_wait);
  // The old connection's RST stands before the SYN that takes its reply tuple over.
  const auto outcomes = world.burst({client(1, tcp_rst), second});
  CHECK(outcomes[0].verdict == Verdict::transmit);
  CHECK(outcomes[1].verdict == Verdict::transmit);
  CHECK_FALSE(world.find(client(1)));
  CHECK(world.find(second)->state == State::syn_recv);
  const auto loads = world.services.loads();
  const service::ServerId old_server = world.services.id_of(web, "10.0.0.1", 8080);
  CHECK(loads.active(old_server) == 0);
  CHECK(loads.inactive(old_server) == 0);
  world.pass(1'000'000);
  CHECK(world.is_empty());
}

TEST_CASE_METHOD(Fixture, "a full table drops by name, and tells its server nothing") {
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
  unsigned number = 0;
  while (number < 256) {
    std::vector<PacketSpec> burst;
    for (const unsigned end = number + 16; number < end; ++number) {
      burst.push_back(client(number));
      burst.push_back(client(number, tcp_ack));
    }
    world.burst(burst);
  }
  REQUIRE(world.connections().counts().connections == 256);
  CHECK(world.send(client(number)).verdict == Verdict::drop_table_full);
  CHECK(opened("10.0.0.1", web) == 256);
  CHECK(world.send(client(0, tcp_ack)).verdict == Verdict::transmit);
}

TEST_CASE_METHOD(Fixture, "UDP opens with any packet") {
  const service::ServiceKey dns = key_of("192.0.2.1", 53, net::Protocol::udp);
  world.services.add(dns, "rr", {server_spec("10.0.0.1", 8080)});
  PacketSpec query = client(1);
  query.protocol = net::Protocol::udp;
  query.destination_port = 53;
  CHECK(world.send(query).verdict == Verdict::transmit);
  CHECK(world.find(query)->state == State::udp);
  CHECK_FALSE(world.find(query)->has(conn::Hot::confirmed));
  CHECK(world.services.loads().inactive(world.services.id_of(dns, "10.0.0.1", 8080)) == 1);
}

TEST_CASE_METHOD(Fixture, "schedulers are told the time") {
  world.services.add(web, "lblc", {server_spec("10.0.0.1", 8080)});
  world.send(client(1));
  world.services.add_server(web, server_spec("10.0.0.2", 8080));
  world.send(client(2));
  CHECK(opened("10.0.0.1", web) == 2);  // it stays with the server of its first choice
  world.pass(25 * 60 * 60 * 1000);
  world.send(client(3));
  CHECK(opened("10.0.0.2", web) == 1);  // for a day
}

TEST_CASE_METHOD(Fixture, "schedulers get another random number for each choice") {
  world.services.add(web, "twos", {server_spec("10.0.0.1", 8080), server_spec("10.0.0.2", 8080)});
  world.services.lines(0)[world.services.id_of(web, "10.0.0.1", 8080).value].active.set(1'000'000);
  for (unsigned i = 0; i < 64; ++i) world.send(client(i));
  CHECK(opened("10.0.0.1", web) > 4);  // it serves only if it is drawn twice
  CHECK(opened("10.0.0.1", web) < 32);
}

TEST_CASE_METHOD(Fixture, "no client is where no host can be, nor at its own destination") {
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
  PacketSpec packet = client(1);
  for (const auto* source : {"0.0.0.0", "0.255.255.255", "127.0.0.1", "127.255.255.255", "224.0.0.0", "239.255.255.255",
                             "255.255.255.255", "192.0.2.1"}) {
    packet.source = source;
    CHECK(world.send(packet).verdict == Verdict::drop_martian);
  }
  for (const auto* source : {"1.0.0.0", "126.255.255.255", "128.0.0.0", "223.255.255.255", "240.0.0.1"}) {
    packet.source = source;
    CHECK(world.send(packet).verdict == Verdict::transmit);
  }
}
