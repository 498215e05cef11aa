// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/upkeep.hpp"

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using conn::State;
using forward::Verdict;

namespace {

struct Fixture {
  World world{1, 1024};
  service::ServiceKey web = key_of("192.0.2.1"), dns = key_of("192.0.2.1", 53, net::Protocol::udp);

  Fixture() {
    world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
    world.services.add(dns, "rr", {server_spec("10.0.0.1", 53)});
  }
  static PacketSpec client(std::uint16_t number, std::uint8_t flags = tcp_syn) {
    return {.source_port = static_cast<std::uint16_t>(2000 + number), .flags = flags};
  }
  static PacketSpec question() { return {.destination_port = 53, .protocol = net::Protocol::udp}; }
  std::uint64_t connections() { return world.connections().counts().connections; }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a connection takes a changed timeout with its next packet, as in the kernel") {
  world.send(client(1));
  world.send(client(1, tcp_ack));
  world.send(client(2));
  world.send(client(2, tcp_ack));
  world.send(question());
  world.set({.tcp_timeout = 20, .tcp_fin_timeout = 7, .udp_timeout = 5});
  world.pass(0);
  CHECK(world.find(client(1))->timeout == 900);
  world.send(client(1, tcp_ack));
  CHECK(world.find(client(1))->timeout == 20);
  world.send(question());
  CHECK(world.find(question())->timeout == 5);

  world.pass(4'999);
  CHECK(world.find(question()));
  world.pass(1'001);  // a connection ends within a second of its time
  CHECK_FALSE(world.find(question()));
  world.pass(15'000);
  CHECK_FALSE(world.find(client(1)));
  CHECK(world.find(client(2)));  // no packet since: what it was set to

  world.set({.tcp_timeout = 5000});
  world.send(client(2, tcp_ack));
  CHECK(world.find(client(2))->timeout == 5000);
  world.pass(4'999'000);
  CHECK(world.find(client(2)));
  world.pass(2'000);
  CHECK(world.is_empty());
}

TEST_CASE_METHOD(Fixture, "a reply takes a changed timeout too") {
  world.send(question());
  world.set({.udp_timeout = 9});
  world.send(reply_to(question(), "10.0.0.1", 53), site::inside);
  CHECK(world.find(question())->timeout == 9);
}

TEST_CASE("the settings' timeouts are those of three states") {
  const conn::Timeouts usual;
  const conn::Timeouts changed = forward::timeouts_of({.tcp_timeout = 1, .tcp_fin_timeout = 2, .udp_timeout = 3});
  for (std::size_t i = 0; i < conn::state_count; ++i) {
    const State state{static_cast<std::uint8_t>(i)};
    if (state == State::established)
      CHECK(changed.of(state) == 1);
    else if (state == State::fin_wait)
      CHECK(changed.of(state) == 2);
    else if (state == State::udp)
      CHECK(changed.of(state) == 3);
    else
      CHECK(changed.of(state) == usual.of(state));
  }
  CHECK(forward::timeouts_of({}).seconds == usual.seconds);
}

TEST_CASE_METHOD(Fixture, "with expire_nodest_conn all connections of a deleted server end, and no others, in slices") {
  const service::ServiceKey other = key_of("192.0.2.2");
  world.services.add(other, "rr", {server_spec("10.0.0.2", 8080)});
  for (std::uint16_t i = 0; i < 300; ++i) world.send(client(i));
  PacketSpec stays = client(1);
  stays.destination = "192.0.2.2";
  world.send(stays);
  world.set({.expire_nodest_conn = 1});
  world.services.remove_server(web, "10.0.0.1");

  WorkerUnderTest& worker = world.worker();
  worker.upkeep.server_deleted();
  CHECK(worker.upkeep.run(worker.connections, worker.context, 100));
  CHECK(connections() == 201);
  while (worker.upkeep.run(worker.connections, worker.context, 100)) {}
  CHECK(connections() == 1);
  CHECK(world.find(stays));
}

TEST_CASE_METHOD(Fixture, "without expire_nodest_conn they stay, and go on when the server comes back") {
  world.send(client(1));
  world.services.remove_server(web, "10.0.0.1");
  world.server_deleted();
  CHECK(connections() == 1);
  CHECK(world.send(client(1, tcp_ack)).verdict == Verdict::drop_server_gone);
  world.services.add_server(web, server_spec("10.0.0.1", 8080));
  CHECK(world.send(client(1, tcp_ack)).verdict == Verdict::transmit);
}

TEST_CASE_METHOD(Fixture, "drop_entry looks at a thirty-second part of the table a second") {
  for (std::uint16_t i = 0; i < 900; ++i) world.send(client(i));
  world.pass(1000);
  CHECK(connections() == 900);
  world.set({.drop_entry = 3});
  world.pass(0);
  // 32 places of 1,024, chosen at random, some of them twice or empty.
  CHECK(connections() >= 868);
  CHECK(connections() <= 885);
  world.pass(999);
  CHECK(connections() >= 868);
  for (int i = 0; i < 30; ++i) world.pass(1000);
  CHECK(connections() > 200);
  CHECK(connections() < 500);  // e^-1 of them
}

TEST_CASE_METHOD(Fixture, "drop_entry spares what is in use") {
  for (std::uint16_t i = 0; i < 100; ++i) {
    world.send(client(i));
    world.send(client(i, tcp_ack));
  }
  world.set({.drop_entry = 3});
  for (int i = 0; i < 59; ++i) world.pass(1000);
  CHECK(connections() == 100);
  for (int i = 0; i < 200; ++i) world.pass(1000);
  CHECK(connections() < 50);
}

TEST_CASE("an automatic defence goes by the free places of the worker's table") {
  World world(1, 64);
  world.services.add(key_of("192.0.2.1"), "rr", {server_spec("10.0.0.1", 8080)});
  world.set({.amemthresh = 40, .secure_tcp = 1});
  const auto is_secure = [&] { return &world.context().defence.machines() == &conn::tcp::secure_machines; };
  for (std::uint16_t i = 0; i < 24; ++i) world.send(Fixture::client(i));
  world.pass(1000);
  CHECK_FALSE(is_secure());
  world.send(Fixture::client(24));
  CHECK_FALSE(is_secure());  // looked at once a second
  world.pass(1000);
  CHECK(is_secure());
  world.pass(60'000);
  world.pass(1000);
  CHECK_FALSE(is_secure());
}
