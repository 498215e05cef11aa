// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/replies.hpp"

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using conn::State;
using forward::Verdict;
using service::Forwarding;

namespace {

struct Fixture {
  World world;
  PacketSpec client{};
  service::ServiceKey web = key_of("192.0.2.1");

  void serve(Forwarding forwarding) { world.services.add(web, "rr", {server_spec("10.0.0.1", 80, forwarding)}); }
  Verdict send(std::uint8_t flags) {
    client.flags = flags;
    return world.send(client).verdict;
  }
  /// What a server of DR or TUN sends: from the virtual address itself.
  PacketSpec direct(std::uint8_t flags) { return reply_to(client, "192.0.2.1", 80, flags); }
  const service::ServerLine& line() { return world.services.lines(0)[world.services.id_of(web, "10.0.0.1", 80).value]; }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a reply of DR or TUN by way of the director goes on as it is, and both directions count") {
  serve(GENERATE(Forwarding::dr, Forwarding::tun));
  send(tcp_syn);
  CHECK(world.find(client)->has(conn::Hot::no_output));
  const Outcome outcome = world.send(direct(tcp_syn | tcp_ack), site::inside);
  CHECK(outcome.verdict == Verdict::transmit);
  CHECK(outcome.port == site::outside);
  PacketSpec expected = direct(tcp_syn | tcp_ack);
  --expected.ttl;
  CHECK(outcome.ip() == build_ip(expected));
  CHECK_FALSE(world.find(client)->has(conn::Hot::no_output));
  CHECK(line().out_packets.get() == 1);
  CHECK(line().out_bytes.get() == 40);
  // From now on the client's FIN alone is not the end: CLOSE_WAIT, as of NAT.
  send(tcp_ack);
  send(tcp_fin | tcp_ack);
  CHECK(world.find(client)->state == State::close_wait);
  world.send(direct(tcp_fin | tcp_ack), site::inside);
  CHECK(world.find(client)->state == State::time_wait);
}

TEST_CASE_METHOD(Fixture, "what comes from a virtual address and is of no connection is the kernel's") {
  serve(GENERATE(Forwarding::dr, Forwarding::nat));
  CHECK(world.send(direct(tcp_syn | tcp_ack), site::inside).verdict == Verdict::to_kernel);
  send(tcp_syn);
  PacketSpec other = direct(tcp_ack);
  other.destination_port = 1;
  CHECK(world.send(other, site::inside).verdict == Verdict::to_kernel);
}

TEST_CASE_METHOD(Fixture, "a NAT connection's reply comes from its server, not from the virtual address") {
  serve(Forwarding::nat);
  send(tcp_syn);
  CHECK(world.send(direct(tcp_syn | tcp_ack), site::inside).verdict == Verdict::to_kernel);
}

TEST_CASE_METHOD(Fixture, "an overdue connection takes no reply of DR") {
  serve(Forwarding::dr);
  send(tcp_syn);
  world.context().now = base::later(world.context().now, 60'000);
  CHECK(world.send(direct(tcp_syn | tcp_ack), site::inside).verdict == Verdict::to_kernel);
}

TEST_CASE_METHOD(Fixture, "with nat_icmp_send a server is told that its connection is not there") {
  serve(Forwarding::nat);
  const PacketSpec lost = reply_to(client, "10.0.0.1", 80, tcp_ack);
  CHECK(world.send(lost, site::inside).verdict == Verdict::to_kernel);
  world.set({.nat_icmp_send = 1});
  const Outcome outcome = world.send(lost, site::inside);
  CHECK(outcome.verdict == Verdict::answer_port_unreachable);
  CHECK(outcome.port == site::inside);
  CHECK(outcome.frame[14 + 20] == 3);
  CHECK(outcome.frame[14 + 21] == 3);

  PacketSpec other = lost;
  SECTION("not of a reset") {
    other.flags = tcp_rst;
    CHECK(world.send(other, site::inside).verdict == Verdict::to_kernel);
  }
  SECTION("not from another port of its") {
    other.source_port = 81;
    CHECK(world.send(other, site::inside).verdict == Verdict::to_kernel);
  }
  SECTION("not of what the director asked for itself") {
    other.destination = "10.0.0.254";
    CHECK(world.send(other, site::inside).verdict == Verdict::to_kernel);
  }
  SECTION("not where the TTL ends: the router's answer comes first") {
    other.ttl = 1;
    CHECK(world.send(other, site::inside).verdict == Verdict::to_kernel);
  }
  SECTION("not of a connection that is there") {
    send(tcp_syn);
    CHECK(world.send(lost, site::inside).verdict == Verdict::transmit);
  }
}

TEST_CASE_METHOD(Fixture,
                 "nat_icmp_send is about servers that are in a service, by the port that they were added with") {
  world.set({.nat_icmp_send = 1});
  serve(Forwarding::nat);
  const service::ServiceKey second = key_of("192.0.2.2"), mark = service::mark_key(7);
  world.services.add(second, "rr", {server_spec("10.0.0.1", 80)});
  world.services.add(mark, "rr", {server_spec("10.0.0.2", 0), server_spec("10.0.0.3", 53)});
  const auto send_from = [&](const char* server, std::uint16_t number) {
    return world.send(reply_to(client, server, number, tcp_ack), site::inside).verdict;
  };
  CHECK(send_from("10.0.0.2", 80) == Verdict::to_kernel);
  CHECK(send_from("10.0.0.3", 80) == Verdict::to_kernel);
  CHECK(send_from("10.0.0.3", 53) == Verdict::answer_port_unreachable);
  world.services.remove(second);
  CHECK(send_from("10.0.0.1", 80) == Verdict::answer_port_unreachable);
  world.services.remove_server(web, "10.0.0.1");
  CHECK(send_from("10.0.0.1", 80) == Verdict::to_kernel);
  world.services.add_server(web, server_spec("10.0.0.1", 80));
  CHECK(send_from("10.0.0.1", 80) == Verdict::answer_port_unreachable);
}

TEST_CASE_METHOD(Fixture, "nat_icmp_send is about servers of NAT only") {
  serve(Forwarding::dr);
  world.set({.nat_icmp_send = 1});
  CHECK(world.send(reply_to(client, "10.0.0.1", 80, tcp_ack), site::inside).verdict == Verdict::to_kernel);
  CHECK(world.send(direct(tcp_ack), site::inside).verdict == Verdict::to_kernel);
}
