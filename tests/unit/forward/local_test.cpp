// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/local.hpp"

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using conn::State;
using forward::Verdict;
using service::Forwarding;

namespace {

/// The director of site.hpp has 192.0.2.254 and the VIP 192.0.2.1 outside, 10.0.0.254 inside.
struct Fixture {
  static constexpr std::string_view own = "10.0.0.254";

  explicit Fixture(unsigned workers = 1) : world(workers) {}

  World world;
  service::ServiceKey web = key_of("192.0.2.1");
  const PacketSpec syn{};

  void serve(std::string_view server, std::uint16_t number, Forwarding forwarding) {
    world.services.add(web, "rr", {server_spec(server, number, forwarding)});
  }
  /// What the director's Linux answers, as it comes from the twin: already on its way to the clients' gateway.
  static PacketSpec reply(std::uint16_t number, std::uint8_t flags = tcp_syn | tcp_ack) {
    PacketSpec reply = reply_to({}, own, number, flags);
    reply.to_mac = std::string(site::gateway_mac);
    reply.from_mac = std::string(site::outside_mac);
    return reply;
  }
  Outcome from_kernel(const Bytes& bytes, unsigned worker = 0) {
    const Frame frame(bytes);
    return world.run_from_kernel({frame.view(site::outside)}, worker).front();
  }
  Outcome from_kernel(const PacketSpec& spec, unsigned worker = 0) { return from_kernel(build(spec), worker); }
  const service::ServerLine& counts(std::uint16_t number) {
    return world.services.lines(0)[world.services.id_of(web, own, number).value];
  }
};

struct TwoWorkers : Fixture {
  TwoWorkers() : Fixture(2) {}
};

}  // namespace

TEST_CASE_METHOD(Fixture, "NAT to the director itself: with its port, no hop older, to the twin where it came in") {
  serve(own, 8080, Forwarding::nat);
  const Outcome outcome = world.send(syn);
  CHECK(outcome.verdict == Verdict::to_kernel);
  CHECK(outcome.port == site::outside);
  PacketSpec expected = syn;
  expected.destination = std::string(own);
  expected.destination_port = 8080;
  CHECK(outcome.frame == build(expected));
  CHECK(world.find(syn)->state == State::syn_recv);
  CHECK(counts(8080).in_packets.get() == 1);
  CHECK(counts(8080).active.get() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "the director's own answers leave from the virtual address, by the way that Linux has chosen") {
  serve(own, 8080, Forwarding::nat);
  world.send(syn);
  const Outcome outcome = from_kernel(reply(8080));
  CHECK(outcome.verdict == Verdict::transmit);
  CHECK(outcome.port == site::outside);
  PacketSpec expected = reply(8080);
  expected.source = "192.0.2.1";
  expected.source_port = 80;
  CHECK(outcome.frame == build(expected));
  CHECK(counts(8080).out_packets.get() == 1);
  CHECK(world.find(syn)->state == State::syn_recv);
  world.send(PacketSpec{.flags = tcp_ack});
  CHECK(world.find(syn)->state == State::established);
  from_kernel(reply(8080, tcp_fin | tcp_ack));
  CHECK(world.find(syn)->state == State::fin_wait);
}

TEST_CASE_METHOD(Fixture, "all else that Linux sends goes out as it is") {
  serve(own, 8080, Forwarding::nat);
  world.send(syn);
  PacketSpec other = reply(8080);
  other.destination_port = 1;
  for (const Bytes& bytes : {build(reply(8081)), build(other), build_link({}, 0x0806), build(syn)}) {
    const Outcome outcome = from_kernel(bytes);
    CHECK(outcome.verdict == Verdict::to_kernel);
    CHECK(outcome.frame == bytes);
    CHECK(outcome.port == site::outside);
  }
  Bytes fragment = build(PacketSpec{.source = std::string(own), .fragment = 0x2000});
  CHECK(from_kernel(fragment).verdict == Verdict::to_kernel);
  CHECK(from_kernel({fragment.begin(), fragment.begin() + 20}).verdict == Verdict::to_kernel);
  CHECK(world.find(syn)->in_packets == 1);  // the director is no client of its own
  world.pass(1'000'000);
  CHECK(from_kernel(reply(8080)).frame == build(reply(8080)));
}

TEST_CASE_METHOD(TwoWorkers, "the director's own answers go to the worker that owns the client") {
  serve(own, 8080, Forwarding::nat);
  const unsigned owner = forward::owner_of(address(syn.source), port(syn.source_port), 2);
  world.send(syn, site::outside, owner);
  const Outcome elsewhere = from_kernel(reply(8080), 1 - owner);
  CHECK(elsewhere.verdict == Verdict::to_other_worker);
  CHECK(elsewhere.owner == owner);
  CHECK(elsewhere.frame == build(reply(8080)));
  CHECK(from_kernel(reply(8080), owner).verdict == Verdict::transmit);
  CHECK(from_kernel(reply(22), 1 - owner).verdict == Verdict::to_kernel);
}

TEST_CASE_METHOD(Fixture, "DR and TUN leave a packet to the director itself as it is") {
  const auto forwarding = GENERATE(Forwarding::dr, Forwarding::tun);
  const std::string server = GENERATE("10.0.0.254", "127.0.0.1", "192.0.2.1");
  serve(server, 80, forwarding);
  const Outcome outcome = world.send(syn);
  CHECK(outcome.verdict == Verdict::to_kernel);
  CHECK(outcome.frame == build(syn));
  CHECK(world.find(syn)->state == State::syn_recv);
  CHECK(world.send(PacketSpec{.flags = tcp_ack, .ttl = 1}).verdict == Verdict::to_kernel);
  CHECK(world.find(syn)->state == State::established);
}

TEST_CASE_METHOD(Fixture,
                 "what the director answers as its own DR or TUN server is counted, and moves the connection on") {
  serve(own, 80, GENERATE(Forwarding::dr, Forwarding::tun));
  world.send(syn);
  PacketSpec answer = reply(80, tcp_rst | tcp_ack);
  answer.source = "192.0.2.1";
  PacketSpec to_another = answer;
  to_another.destination_port = 1;
  CHECK(from_kernel(to_another).verdict == Verdict::to_kernel);
  const Outcome outcome = from_kernel(answer);
  CHECK(outcome.verdict == Verdict::transmit);
  CHECK(outcome.frame == build(answer));
  CHECK(outcome.port == site::outside);
  CHECK(counts(80).out_packets.get() == 1);
  CHECK(world.find(syn)->state == State::close);
}

TEST_CASE_METHOD(TwoWorkers, "such an answer goes to the worker that owns the client") {
  serve(own, 80, Forwarding::dr);
  const unsigned owner = forward::owner_of(address(syn.source), port(syn.source_port), 2);
  world.send(syn, site::outside, owner);
  PacketSpec answer = reply(80);
  answer.source = "192.0.2.1";
  const Outcome elsewhere = from_kernel(answer, 1 - owner);
  CHECK(elsewhere.verdict == Verdict::to_other_worker);
  CHECK(elsewhere.owner == owner);
  CHECK(from_kernel(answer, owner).verdict == Verdict::transmit);
}

TEST_CASE_METHOD(Fixture, "DR to the director itself needs the address there: Linux would send the packet round") {
  web = key_of("192.0.2.7");  // on no twin
  serve(own, 80, Forwarding::dr);
  PacketSpec packet = syn;
  packet.destination = "192.0.2.7";
  CHECK(world.send(packet).verdict == Verdict::drop_not_local);
  world.routes.ports[0].local.push_back(address("192.0.2.7"));
  CHECK(world.send(packet).verdict == Verdict::to_kernel);
}

TEST_CASE_METHOD(Fixture, "nothing from outside is sent to 127.0.0.0/8") {
  serve("127.1.2.3", 8080, Forwarding::nat);
  CHECK(world.send(syn).verdict == Verdict::drop_to_loopback);
  CHECK(world.find(syn));
}

TEST_CASE_METHOD(Fixture, "a server whose address comes to the director is the director from then on") {
  serve("10.0.0.3", 8080, Forwarding::nat);
  CHECK(world.send(syn).port == site::inside);
  world.routes.ports[1].local.push_back(address("10.0.0.3"));
  world.services.resolve(world.routes);
  CHECK(world.send(PacketSpec{.flags = tcp_ack}).verdict == Verdict::to_kernel);
}

TEST_CASE_METHOD(Fixture, "the director's own answers go on when it was deleted as a server, uncounted") {
  serve(own, 8080, Forwarding::nat);
  world.send(syn);
  world.services.remove_server(web, own);
  CHECK(from_kernel(reply(8080)).verdict == Verdict::transmit);
  CHECK(counts(8080).out_packets.get() == 0);
}
