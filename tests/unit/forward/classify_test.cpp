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

/// Which service takes a packet to this port: the server that is asked, one a service; or the verdict.
struct Lookup {
  World world;

  void serve(const service::ServiceKey& key, std::string_view server, std::uint32_t persistence = 0) {
    world.services.add({.name = {},
                        .key = key,
                        .scheduler = "rr",
                        .persistence = persistence,
                        .servers = {{.address = address(server), .port = {}, .forwarding = Forwarding::dr}}});
  }
  void mark(std::vector<service::MarkRule> rules) { world.services.mark(std::move(rules)); }
  std::string asked(const PacketSpec& packet) {
    const Outcome outcome = world.send(packet);
    const conn::Hot* entry = world.find(packet);
    return entry ? net::to_string(entry->v4.server) : std::string(forward::name(outcome.verdict));
  }
  std::string asked(std::uint16_t number, net::Protocol protocol = net::Protocol::tcp) {
    return asked(PacketSpec{.destination_port = number, .protocol = protocol});
  }
};

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

TEST_CASE_METHOD(Lookup, "a service of every port takes what no service of the port does") {
  serve(key_of("192.0.2.1", 80), "10.0.0.1");
  serve(key_of("192.0.2.1", 0), "10.0.0.2", 300);
  CHECK(asked(80) == "10.0.0.1");
  CHECK(asked(81) == "10.0.0.2");
  CHECK(asked(22) == "10.0.0.2");
  CHECK(asked(81, net::Protocol::udp) == "to_kernel");
  CHECK(asked(PacketSpec{.destination = "192.0.2.2", .destination_port = 81}) == "to_kernel");
  world.services.remove(key_of("192.0.2.1", 80));
  CHECK(asked(PacketSpec{.source_port = 50000}) == "10.0.0.2");
  world.services.remove(key_of("192.0.2.1", 0));
  CHECK(asked(PacketSpec{.source_port = 50001, .destination_port = 81}) == "to_kernel");
}

TEST_CASE_METHOD(Lookup, "a persistent service of port 21 takes what may be FTP's data") {
  serve(key_of("192.0.2.1", 21), "10.0.0.1", 300);
  serve(key_of("192.0.2.1", 8080), "10.0.0.3");
  serve(key_of("192.0.2.1", 0), "10.0.0.2", 300);
  CHECK(asked(21) == "10.0.0.1");
  CHECK(asked(20) == "10.0.0.1");
  CHECK(asked(1024) == "10.0.0.1");
  CHECK(asked(65535) == "10.0.0.1");
  CHECK(asked(8080) == "10.0.0.3");
  CHECK(asked(1023) == "10.0.0.2");
  CHECK(asked(19) == "10.0.0.2");
  CHECK(asked(PacketSpec{.destination = "192.0.2.2", .destination_port = 1024}) == "to_kernel");
}

TEST_CASE_METHOD(Lookup,
                 "FTP's data to a service that cannot tell whose it is are the kernel's, whatever else there is") {
  serve(key_of("192.0.2.1", 21), "10.0.0.1");
  serve(key_of("192.0.2.1", 0), "10.0.0.2", 300);
  CHECK(asked(21) == "10.0.0.1");
  CHECK(asked(1024) == "to_kernel");
  CHECK(asked(80) == "10.0.0.2");
}

TEST_CASE_METHOD(Lookup, "FTP's data without a server are the kernel's, its commands are refused") {
  world.services.add(
      {.name = {}, .key = key_of("192.0.2.1", 21), .scheduler = "rr", .persistence = 300, .servers = {}});
  CHECK(asked(21) == "answer_port_unreachable");
  CHECK(asked(1024) == "to_kernel");
}

TEST_CASE_METHOD(Lookup, "a service by mark comes first, if it is there and a rule says so") {
  serve(key_of("192.0.2.1", 80), "10.0.0.1");
  const service::MarkRule web{
      .mark = 7, .destination = net::parse_prefix("192.0.2.0/24"), .destination_ports = {80, 81}};
  mark({web});
  CHECK(asked(80) == "10.0.0.1");  // nothing has that mark yet
  CHECK(asked(81) == "to_kernel");
  serve(service::mark_key(7), "10.0.0.2");
  CHECK(asked(PacketSpec{.source_port = 50000}) == "10.0.0.2");
  CHECK(asked(81) == "10.0.0.2");
  CHECK(asked(81, net::Protocol::udp) == "10.0.0.2");
  CHECK(asked(82) == "to_kernel");
  CHECK(asked(PacketSpec{.destination = "192.0.2.77"}) == "10.0.0.2");
  CHECK(asked(PacketSpec{.destination = "192.0.3.1"}) == "to_kernel");
  mark({});
  CHECK(asked(PacketSpec{.source_port = 50001}) == "10.0.0.1");
  CHECK(asked(PacketSpec{.source_port = 50001, .destination_port = 81}) == "to_kernel");
  mark({{.mark = 8}, web});  // the first that matches counts, also if nothing has its mark
  CHECK(asked(PacketSpec{.source_port = 50002}) == "10.0.0.1");
  mark({web});
  world.services.remove(service::mark_key(7));
  CHECK(asked(PacketSpec{.source_port = 50003}) == "10.0.0.1");
}

TEST_CASE_METHOD(Lookup, "a fragment that may have a mark is dropped as one to a service is") {
  mark({{.mark = 7,
         .protocol = net::Protocol::udp,
         .destination = net::parse_prefix("192.0.2.0/24"),
         .destination_ports = {53, 53}}});
  const PacketSpec fragment{.destination = "192.0.2.9", .protocol = net::Protocol::udp, .fragment = 0x2000};
  CHECK(world.send(fragment).verdict == Verdict::to_kernel);
  serve(service::mark_key(7), "10.0.0.1");
  CHECK(world.send(fragment).verdict == Verdict::drop_fragment);
  CHECK(world.send(PacketSpec{.destination = "192.0.2.9", .fragment = 0x2000}).verdict == Verdict::to_kernel);
}

TEST_CASE("a NAT server of many ports is known by each of them, whatever the protocol") {
  constexpr unsigned workers = 4;
  World world(workers);
  const auto spec = [](const service::ServiceKey& key, std::string_view server) {
    return service::ServiceSpec{
        .name = {}, .key = key, .scheduler = "rr", .persistence = 300, .servers = {server_spec(server, 0)}};
  };
  world.services.mark({{.mark = 7, .destination = net::parse_prefix("192.0.2.0/24")}});
  world.services.add(spec(service::mark_key(7), "10.0.0.1"));
  world.services.add(spec(key_of("203.0.113.1", 0), "10.0.0.2"));
  world.services.add(spec(key_of("203.0.113.2", 21), "10.0.0.3"));
  const auto is_translated = [&](const PacketSpec& packet, std::string_view server) {
    const unsigned owner = owner_of(packet, workers);
    REQUIRE(world.send(packet, site::outside, owner).verdict == Verdict::transmit);
    const PacketSpec reply = reply_to(packet, server, packet.destination_port);
    const Outcome elsewhere = world.send(reply, site::inside, (owner + 1) % workers);
    CHECK(elsewhere.verdict == Verdict::to_other_worker);
    CHECK(elsewhere.owner == owner);
    return world.send(reply, site::inside, owner).verdict == Verdict::transmit;
  };
  for (unsigned i = 0; i < 8; ++i) {
    const auto from = static_cast<std::uint16_t>(3000 + i), to = static_cast<std::uint16_t>(5000 + i);
    CHECK(is_translated({.source_port = from, .destination_port = to}, "10.0.0.1"));
    CHECK(is_translated({.source_port = from, .destination_port = to, .protocol = net::Protocol::udp}, "10.0.0.1"));
    CHECK(is_translated({.destination = "203.0.113.1", .source_port = from, .destination_port = to}, "10.0.0.2"));
    CHECK(is_translated({.destination = "203.0.113.2", .source_port = from, .destination_port = to}, "10.0.0.3"));
  }
}
