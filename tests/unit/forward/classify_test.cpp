// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/classify.hpp"

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using forward::Verdict;
using service::Forwarding;

namespace {

PacketSpec client(unsigned number, std::uint8_t flags = tcp_syn) {
  return {.source_port = static_cast<std::uint16_t>(2000 + number), .flags = flags};
}

unsigned owner_of(const PacketSpec& spec, unsigned workers) {
  return forward::owner_of(address(spec.source), port(spec.source_port), workers);
}

}  // namespace

TEST_CASE("misses for no service are the kernel's") {
  World world;
  const service::ServiceKey web = key_of("192.0.2.1");
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
  CHECK(world.send(PacketSpec{.destination_port = 81}).verdict == Verdict::to_kernel);
  CHECK(world.send(PacketSpec{.destination = "192.0.2.2"}).verdict == Verdict::to_kernel);
  CHECK(world.send(PacketSpec{.protocol = net::Protocol::udp}).verdict == Verdict::to_kernel);
  CHECK(world.send(reply_to({}, "10.0.0.1", 8080), site::inside).verdict == Verdict::to_kernel);  // of no connection
  CHECK(world.is_empty());
  world.services.remove(web);
  CHECK(world.send(PacketSpec{}).verdict == Verdict::to_kernel);
}

TEST_CASE("a packet of a connection whose service was deleted is still known") {
  World world;
  const service::ServiceKey web = key_of("192.0.2.1");
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});
  world.send(client(1));
  world.services.remove(web);
  CHECK(world.send(client(1, tcp_ack)).verdict == Verdict::drop_server_gone);
  CHECK(world.send(reply_to(client(1), "10.0.0.1", 8080), site::inside).verdict == Verdict::transmit);
  CHECK(world.send(client(2)).verdict == Verdict::to_kernel);
  world.services.add(web, "rr", {server_spec("10.0.0.1", 8080)});  // the same server as before
  CHECK(world.send(client(1, tcp_ack)).verdict == Verdict::transmit);
}

TEST_CASE("each flow is opened by its owner, and by nobody else") {
  constexpr unsigned workers = 2;
  World world(workers);
  world.services.add(key_of("192.0.2.1"), "rr", {server_spec("10.0.0.1", 8080), server_spec("10.0.0.2", 8080)});
  unsigned handed_over = 0;
  for (unsigned i = 0; i < 500; ++i) {
    const unsigned arrives = i % workers, owner = owner_of(client(i), workers);
    const Outcome first = world.send(client(i), site::outside, arrives);
    if (owner == arrives) {
      CHECK(first.verdict == Verdict::transmit);
      continue;
    }
    ++handed_over;
    REQUIRE(first.verdict == Verdict::to_other_worker);
    CHECK(first.owner == owner);
    CHECK(first.frame == build(client(i)));
    CHECK_FALSE(world.find(client(i), arrives));
    CHECK(world.send(client(i), site::outside, owner).verdict == Verdict::transmit);
  }
  CHECK(handed_over > 150);
  CHECK(handed_over < 350);
  std::uint64_t sum = 0;
  for (unsigned worker = 0; worker < workers; ++worker) {
    const std::uint64_t its = world.worker(worker).connections.counts().connections;
    CHECK(its > 150);
    sum += its;
  }
  CHECK(sum == 500);
}

TEST_CASE("a NAT server's reply goes to the worker that owns its client, by whichever it came in") {
  constexpr unsigned workers = 4;
  World world(workers);
  world.services.add(key_of("192.0.2.1"), "rr", {server_spec("10.0.0.1", 8080)});
  for (unsigned i = 0; i < 100; ++i) {
    const unsigned owner = owner_of(client(i), workers), arrives = i % workers;
    REQUIRE(world.send(client(i), site::outside, owner).verdict == Verdict::transmit);
    const PacketSpec reply = reply_to(client(i), "10.0.0.1", 8080);
    const Outcome outcome = world.send(reply, site::inside, arrives);
    if (owner == arrives) {
      CHECK(outcome.verdict == Verdict::transmit);
    } else {
      REQUIRE(outcome.verdict == Verdict::to_other_worker);
      CHECK(outcome.owner == owner);
      CHECK(world.send(reply, site::inside, owner).verdict == Verdict::transmit);
    }
  }
}

TEST_CASE("the owner of a DR or TUN flow is the same for every packet of it") {
  const auto forwarding = GENERATE(Forwarding::dr, Forwarding::tun);
  constexpr unsigned workers = 2;
  World world(workers);
  world.services.add(key_of("192.0.2.1"), "rr", {server_spec("10.0.0.1", 80, forwarding)});
  for (unsigned i = 0; i < 50; ++i) {
    const unsigned owner = owner_of(client(i), workers), other = 1 - owner;
    CHECK(world.send(client(i), site::outside, other).owner == owner);
    CHECK(world.send(client(i), site::outside, owner).verdict == Verdict::transmit);
    CHECK(world.send(client(i, tcp_ack), site::outside, other).verdict == Verdict::to_other_worker);
    CHECK(world.send(client(i, tcp_ack), site::outside, owner).verdict == Verdict::transmit);
  }
  // A DR server's own traffic is not the director's: nothing tells it from any other host's.
  CHECK(world.send(reply_to(client(1), "10.0.0.1", 80), site::inside).verdict == Verdict::to_kernel);
}

TEST_CASE("a reply to a client that no connection knows is the kernel's only at its owner") {
  constexpr unsigned workers = 2;
  World world(workers);
  world.services.add(key_of("192.0.2.1"), "rr", {server_spec("10.0.0.1", 8080)});
  const unsigned owner = owner_of(client(1), workers);
  const PacketSpec reply = reply_to(client(1), "10.0.0.1", 8080);
  CHECK(world.send(reply, site::inside, 1 - owner).verdict == Verdict::to_other_worker);
  CHECK(world.send(reply, site::inside, owner).verdict == Verdict::to_kernel);
}
