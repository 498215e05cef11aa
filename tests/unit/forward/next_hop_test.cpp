// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/next_hop.hpp"

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using forward::Verdict;
using service::Forwarding;

namespace {

struct Fixture {
  World world;
  service::ServiceKey web = key_of("192.0.2.1");
  PacketSpec syn{};

  void serve_from(std::string_view server) { world.services.add(web, "rr", {server_spec(server, 8080)}); }
  /// A reply of 10.0.0.1 to another client than usual.
  Outcome reply() { return world.send(reply_to(syn, "10.0.0.1", 8080), site::inside); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a packet to a server that is asked for waits, unchanged, and is not counted yet") {
  serve_from("10.0.0.10");
  const Outcome outcome = world.send(syn);
  CHECK(outcome.verdict == Verdict::wait_for_neighbour);
  CHECK(outcome.waits == address("10.0.0.10"));
  CHECK(outcome.frame == build(syn));
  CHECK(outcome.port == site::outside);
  REQUIRE(world.find(syn));
  CHECK(world.find(syn)->state == conn::State::syn_recv);
  CHECK(world.find(syn)->in_packets == 0);

  // As soon as the neighbour answers, the same packet goes out, by the connection that it opened.
  world.routes.next_hops[site::gateway_hop + 10].resolved = true;
  CHECK(world.send(syn).verdict == Verdict::transmit);
  CHECK(world.find(syn)->state == conn::State::syn_recv);
  CHECK(world.services.lines(0)[world.services.id_of(web, "10.0.0.10", 8080).value].connections.get() == 1);
}

TEST_CASE_METHOD(Fixture, "a server on the link that nobody has asked for waits too") {
  serve_from("10.0.0.99");
  const Outcome outcome = world.send(syn);
  CHECK(outcome.verdict == Verdict::wait_for_neighbour);
  CHECK(outcome.waits == address("10.0.0.99"));
}

TEST_CASE_METHOD(Fixture, "a server that no route leads to gets nothing") {
  serve_from("172.16.0.1");
  CHECK(world.send(syn).verdict == Verdict::drop_no_route);
}

TEST_CASE_METHOD(Fixture, "a neighbour's change is seen at once by old connections") {
  serve_from("10.0.0.1");
  world.send(syn);
  route::NextHop& hop = world.routes.next_hops[site::gateway_hop + 1];
  route::set_header(hop, mac("02:00:00:00:0b:01"), mac(site::inside_mac), 77);
  const Outcome outcome = world.send(syn);
  CHECK(outcome.verdict == Verdict::transmit);
  CHECK(Bytes(outcome.frame.begin(), outcome.frame.begin() + 18) ==
        build_link({.to_mac = "02:00:00:00:0b:01", .from_mac = std::string(site::inside_mac), .tags = {77}}));
  hop.resolved = false;
  CHECK(world.send(syn).verdict == Verdict::wait_for_neighbour);
}

TEST_CASE_METHOD(
    Fixture, "among hundreds of next hops the packets of a burst take each its server's, and replies the client's") {
  // Behind so many that they are asked for ahead of the packets' turn.
  world.routes.next_hops.resize(1000);
  std::vector<service::ServerSpec> servers;
  for (unsigned i = 0; i < forward::burst_size; ++i) {
    const std::string address_of_it = site::server_address(100 + i),
                      mac_of_it = "02:00:00:00:0b:" + std::to_string(10 + i);
    world.routes.set_on_link(site::inside, route::no_vlan, address(address_of_it),
                             route::NextHopId{static_cast<std::uint32_t>(world.routes.next_hops.size())});
    world.routes.next_hops.push_back(site::next_hop(site::inside, mac_of_it, site::inside_mac, "10.0.0.254"));
    servers.push_back(server_spec(address_of_it, 8080));
  }
  world.services.add(web, "rr", servers);
  world.services.resolve(world.routes);

  std::vector<PacketSpec> requests, replies;
  for (std::uint16_t i = 0; i < forward::burst_size; ++i)
    requests.push_back({.source_port = static_cast<std::uint16_t>(2000 + i)});
  for (int round = 0; round < 2; ++round) {  // opened, then found
    replies.clear();
    const auto outcomes = world.burst(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const std::string server = net::to_string(world.find(requests[i])->v4.server);
      const unsigned number = static_cast<unsigned>(std::stoul(server.substr(server.rfind('.') + 1))) - 100;
      REQUIRE(outcomes[i].verdict == Verdict::transmit);
      CHECK(outcomes[i].port == site::inside);
      CHECK(Bytes(outcomes[i].frame.begin(), outcomes[i].frame.begin() + 14) ==
            build_link({.to_mac = "02:00:00:00:0b:" + std::to_string(10 + number),
                        .from_mac = std::string(site::inside_mac)}));
      replies.push_back(reply_to(requests[i], server, 8080));
    }
    for (const Outcome& outcome : world.burst(replies, site::inside)) {
      REQUIRE(outcome.verdict == Verdict::transmit);
      CHECK(Bytes(outcome.frame.begin(), outcome.frame.begin() + 14) ==
            build_link({.to_mac = std::string(site::gateway_mac), .from_mac = std::string(site::outside_mac)}));
    }
  }
}

TEST_CASE_METHOD(Fixture, "a reply's next hop is looked up once and kept with its connection") {
  serve_from("10.0.0.1");
  world.send(syn);
  CHECK(world.find(syn)->next_hop_to_client == 0);
  CHECK(reply().verdict == Verdict::transmit);
  CHECK(world.find(syn)->next_hop_to_client == site::gateway_hop);
  world.routes.set_routes({});  // what is kept is still used; the worker clears it when routes change
  CHECK(reply().verdict == Verdict::transmit);
}

TEST_CASE_METHOD(Fixture,
                 "a reply to a client that no route leads to is dropped, and one to a silent neighbour waits") {
  serve_from("10.0.0.1");
  world.send(syn);
  SECTION("no route") {
    world.routes.set_routes({});
    CHECK(reply().verdict == Verdict::drop_no_route);
  }
  SECTION("the gateway is silent") {
    world.routes.next_hops[site::gateway_hop].resolved = false;
    const Outcome outcome = reply();
    CHECK(outcome.verdict == Verdict::wait_for_neighbour);
    CHECK(outcome.waits == address("198.51.100.7"));
    CHECK(outcome.frame == build(reply_to(syn, "10.0.0.1", 8080)));
  }
  CHECK(world.find(syn)->state == conn::State::syn_recv);
}

TEST_CASE_METHOD(Fixture, "packets to a deleted server end silently and do not keep its connection alive") {
  serve_from("10.0.0.1");
  world.send(syn);
  world.pass(30'000);
  world.services.remove_server(web, "10.0.0.1");
  CHECK(world.send(syn).verdict == Verdict::drop_server_gone);
  world.pass(31'000);
  CHECK_FALSE(world.find(syn));
}

TEST_CASE_METHOD(Fixture, "a deleted server's replies still go out") {
  serve_from("10.0.0.1");
  world.send(syn);
  world.services.remove_server(web, "10.0.0.1");
  CHECK(reply().verdict == Verdict::transmit);
}
