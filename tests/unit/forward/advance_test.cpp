// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/advance.hpp"

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
  service::ServiceKey key = key_of("192.0.2.1");

  void serve(Forwarding forwarding) { world.services.add(key, "rr", {server_spec("10.0.0.1", 80, forwarding)}); }
  State from_client(std::uint8_t flags) {
    client.flags = flags;
    CHECK(world.send(client).verdict == Verdict::transmit);
    return world.find(client)->state;
  }
  State from_server(std::uint8_t flags) {
    CHECK(world.send(reply_to(client, "10.0.0.1", 80, flags), site::inside).verdict == Verdict::transmit);
    return world.find(client)->state;
  }
  const service::ServerLine& line() { return world.services.lines(0)[world.services.id_of(key, "10.0.0.1", 80).value]; }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "NAT: a client opens, talks and closes, as seen on a kernel") {
  serve(Forwarding::nat);
  CHECK(from_client(tcp_syn) == State::syn_recv);
  CHECK(from_server(tcp_syn | tcp_ack) == State::syn_recv);
  CHECK(from_client(tcp_ack) == State::established);
  CHECK(from_client(tcp_fin | tcp_ack) == State::close_wait);
  CHECK(from_server(tcp_fin | tcp_ack) == State::time_wait);
  CHECK(from_client(tcp_ack) == State::time_wait);
}

TEST_CASE_METHOD(Fixture, "NAT: a server closes, as seen on a kernel") {
  serve(Forwarding::nat);
  from_client(tcp_syn);
  from_server(tcp_syn | tcp_ack);
  from_client(tcp_ack);
  CHECK(from_server(tcp_fin | tcp_ack) == State::fin_wait);
  CHECK(from_client(tcp_fin | tcp_ack) == State::time_wait);
}

TEST_CASE_METHOD(Fixture, "DR and TUN: only the client is seen, as seen on a kernel") {
  serve(GENERATE(Forwarding::dr, Forwarding::tun));
  CHECK(from_client(tcp_syn) == State::syn_recv);
  CHECK(from_client(tcp_ack) == State::established);
  CHECK(from_client(tcp_fin | tcp_ack) == State::fin_wait);
  CHECK(from_client(tcp_rst) == State::close);
}

TEST_CASE_METHOD(Fixture, "counts are of packets before they are rewritten, in bytes of IP, each way") {
  serve(Forwarding::nat);
  client.payload = 100;
  client.padding = 9;
  from_client(tcp_syn);
  from_client(tcp_ack);
  client.payload = 10;
  client.padding = 0;
  from_server(tcp_ack);
  CHECK(line().connections.get() == 1);
  CHECK(line().in_packets.get() == 2);
  CHECK(line().in_bytes.get() == 280);
  CHECK(line().out_packets.get() == 1);
  CHECK(line().out_bytes.get() == 50);
  CHECK(world.find(client)->in_packets == 2);
}

TEST_CASE_METHOD(Fixture, "a reply that is too old, too big or of a deleted server is not counted") {
  serve(Forwarding::nat);
  from_client(tcp_syn);
  PacketSpec reply = reply_to(client, "10.0.0.1", 80, tcp_syn | tcp_ack);
  reply.ttl = 1;
  CHECK(world.send(reply, site::inside).verdict == Verdict::answer_time_exceeded);
  CHECK(world.find(client)->state == State::syn_recv);
  reply.ttl = 64;
  world.services.remove_server(key, "10.0.0.1");
  const service::ServerLine& counts = world.services.lines(0)[world.find(client)->server_id.value];
  CHECK(world.send(reply, site::inside).verdict == Verdict::transmit);
  CHECK(counts.out_packets.get() == 0);
}

TEST_CASE_METHOD(Fixture, "a tunnelled packet counts without its outer header") {
  serve(Forwarding::tun);
  from_client(tcp_syn);
  CHECK(line().in_bytes.get() == 40);
}

TEST_CASE_METHOD(Fixture, "a packet of either direction starts the timeout anew") {
  serve(Forwarding::nat);
  from_client(tcp_syn);
  from_client(tcp_ack);
  for (int i = 0; i < 5; ++i) {
    world.pass(800'000);
    REQUIRE(world.find(client));
    if (i % 2)
      from_client(tcp_ack);
    else
      from_server(tcp_ack);
  }
  world.pass(899'000);
  CHECK(world.find(client));
  world.pass(2'000);
  CHECK_FALSE(world.find(client));
  CHECK(line().active.get() == 0);
}

TEST_CASE_METHOD(Fixture, "UDP: one state of 300 seconds, inactive, started anew by either direction") {
  client.protocol = net::Protocol::udp;
  client.destination_port = 53;
  key = key_of("192.0.2.1", 53, net::Protocol::udp);
  serve(Forwarding::nat);
  CHECK(from_client(0) == State::udp);
  CHECK(line().inactive.get() == 1);
  CHECK(line().active.get() == 0);
  world.pass(299'000);
  CHECK(from_server(0) == State::udp);
  world.pass(299'000);
  CHECK(from_client(0) == State::udp);
  world.pass(301'000);
  CHECK_FALSE(world.find(client));
  CHECK(line().inactive.get() == 0);
}

TEST_CASE_METHOD(Fixture, "a UDP flow is confirmed by its second packet, from either end") {
  client.protocol = net::Protocol::udp;
  client.destination_port = 53;
  key = key_of("192.0.2.1", 53, net::Protocol::udp);
  serve(Forwarding::nat);
  from_client(0);
  CHECK_FALSE(world.find(client)->has(conn::Hot::confirmed));
  const bool by_server = GENERATE(true, false);
  by_server ? from_server(0) : from_client(0);
  CHECK(world.find(client)->has(conn::Hot::confirmed));
}

TEST_CASE_METHOD(Fixture, "a segment without SYN, FIN, ACK or RST closes, as in the kernel") {
  serve(Forwarding::dr);
  from_client(tcp_syn);
  from_client(tcp_ack);
  CHECK(from_client(tcp_psh) == State::close);
}

TEST_CASE_METHOD(Fixture, "with secure_tcp only the server makes a NAT connection established, as seen on a kernel") {
  world.set({.secure_tcp = 3});
  serve(Forwarding::nat);
  CHECK(from_client(tcp_syn) == State::syn_recv);
  CHECK(from_server(tcp_syn | tcp_ack) == State::synack);
  CHECK(from_client(tcp_ack) == State::synack);
  CHECK(from_server(tcp_ack) == State::established);
}

TEST_CASE_METHOD(Fixture, "with secure_tcp DR's SYN is SYNACK, as seen on a kernel") {
  world.set({.secure_tcp = 3});
  serve(Forwarding::dr);
  CHECK(from_client(tcp_syn) == State::synack);
  CHECK(world.find(client)->timeout == 120);
  CHECK(line().active.get() == 1);
  CHECK(from_client(tcp_ack) == State::established);
  world.set({});
  CHECK(from_client(tcp_fin | tcp_ack) == State::fin_wait);
}
