// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/pipeline.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using forward::Verdict;
using service::Forwarding;

namespace {

constexpr std::array<Forwarding, 3> methods{Forwarding::nat, Forwarding::dr, Forwarding::tun};

service::ServiceKey key_of_method(std::size_t method) { return key_of("192.0.2." + std::to_string(method + 1)); }

void add_services(World& world) {
  for (std::size_t i = 0; i < methods.size(); ++i) {
    world.services.add(key_of_method(i), "wlc");
    for (unsigned number = 1; number <= 3; ++number)
      world.services.add_server(
          key_of_method(i), server_spec(site::server_address(3 * static_cast<unsigned>(i) + number), 80, methods[i]));
  }
}

/// Packets of all kinds, each with what a director must never make of it undone: bytes that change are known.
PacketSpec random_packet(std::mt19937_64& random, std::size_t method) {
  constexpr std::array<std::uint8_t, 5> flags{tcp_syn, tcp_ack, tcp_fin | tcp_ack, tcp_rst, tcp_ack | tcp_psh};
  return {.tags = std::vector<std::uint16_t>(random() % 3, 100),
          .destination = "192.0.2." + std::to_string(method + 1),
          .source_port = static_cast<std::uint16_t>(1024 + random() % 40),
          .flags = flags[random() % flags.size()],
          .service = static_cast<std::uint8_t>(random()),
          .ttl = static_cast<std::uint8_t>(random() % 4 == 0 ? 1 : random()),
          .fragment = static_cast<std::uint16_t>(random() % 2 ? 0x4000 : 0),
          .ip_option_words = random() % 11,
          .tcp_option_words = random() % 11,
          .payload = random() % 1600,
          .padding = random() % 8};
}

}  // namespace

TEST_CASE("every packet of every burst ends in one verdict, and what goes out has right checksums") {
  World world(1, 128);
  add_services(world);
  std::mt19937_64 random(21);
  std::map<Verdict, int> seen;
  for (int round = 0; round < 3000; ++round) {
    std::vector<PacketSpec> specs;
    for (std::uint64_t left = random() % forward::burst_size + 1; left > 0; --left)
      specs.push_back(random_packet(random, random() % 3));
    const auto outcomes = world.burst(specs);
    REQUIRE(world.worker().burst->undecided.empty());
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const Outcome& outcome = outcomes[i];
      ++seen[outcome.verdict];
      if (outcome.verdict == Verdict::transmit || forward::is_answer(outcome.verdict)) {
        const bool is_answer = forward::is_answer(outcome.verdict);
        const std::size_t link = is_answer ? 14 + 4 * specs[i].tags.size() : 14;
        const Bytes ip(outcome.frame.begin() + static_cast<std::ptrdiff_t>(link), outcome.frame.end());
        const Bytes inner = ip[9] == 4 ? Bytes(ip.begin() + 20, ip.end()) : ip;
        REQUIRE(has_right_checksums(inner));
        REQUIRE(get16(ip.data(), 2) == ip.size());
      } else if (outcome.verdict == Verdict::to_kernel) {
        REQUIRE(outcome.frame == build(specs[i]));
      }
    }
    if (round % 10 == 0) world.pass(random() % 40'000);
  }
  for (const Verdict verdict : {Verdict::transmit, Verdict::to_kernel, Verdict::answer_time_exceeded,
                                Verdict::answer_fragmentation_needed, Verdict::drop_too_big})
    CHECK(seen[verdict] > 100);
  world.pass(1'000'000);
  CHECK(world.is_empty());
}

TEST_CASE("one burst of many flows does what a burst of each packet would do") {
  World together, one_by_one;
  add_services(together);
  add_services(one_by_one);
  std::mt19937_64 random(22);
  for (int round = 0; round < 500; ++round) {
    std::vector<PacketSpec> specs;
    // Each flow once: packets of one flow in a burst see each other's states only afterwards.
    for (std::uint16_t i = 0; i < forward::burst_size; ++i) {
      specs.push_back(random_packet(random, i % 3));
      specs.back().source_port = static_cast<std::uint16_t>(1024 + i);
      specs.back().fragment = 0x4000;  // ids of outer headers depend on the order
    }
    std::shuffle(specs.begin(), specs.end(), random);
    const auto outcomes = together.burst(specs);
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const Outcome alone = one_by_one.send(specs[i]);
      if (alone.verdict != Verdict::transmit || outcomes[i].verdict != Verdict::transmit) continue;
      REQUIRE(outcomes[i].frame.size() == alone.frame.size());
    }
    together.pass(5000);
    one_by_one.pass(5000);
  }
  CHECK(together.connections().counts().connections == one_by_one.connections().counts().connections);
}

TEST_CASE("an empty burst is none") {
  World world;
  add_services(world);
  CHECK(world.burst({}).empty());
  CHECK(world.is_empty());
}

TEST_CASE("NAT conversations through two directors in a row are untouched end to end") {
  World world;
  world.services.add(key_of("192.0.2.1"), "rr", {server_spec("10.0.0.1", 8080), server_spec("10.0.0.2", 8081)});
  for (std::uint16_t client = 0; client < 200; ++client) {
    const PacketSpec request{.source_port = static_cast<std::uint16_t>(2000 + client), .payload = client};
    const Outcome there = world.send(request);
    REQUIRE(there.verdict == Verdict::transmit);
    const conn::Hot& entry = *world.find(request);
    PacketSpec answer = reply_to(request, net::to_string(entry.v4.server), entry.server_port.host());
    const Outcome back = world.send(answer, site::inside);
    REQUIRE(back.verdict == Verdict::transmit);
    answer.source = "192.0.2.1";
    answer.source_port = 80;
    answer.to_mac = std::string(site::gateway_mac);
    answer.from_mac = std::string(site::outside_mac);
    --answer.ttl;
    REQUIRE(back.frame == build(answer));
  }
}
