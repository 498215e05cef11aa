// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/answer.hpp"

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using forward::Verdict;

namespace {

struct Fixture {
  World world;

  Fixture() { world.services.add(key_of("192.0.2.1"), "rr"); }  // no server: every SYN is answered
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an answer goes out by the port that the packet came in by") {
  PacketSpec spec{.to_mac = std::string(site::inside_mac)};
  const Outcome outcome = world.send(spec, site::inside);
  CHECK(outcome.verdict == Verdict::answer_port_unreachable);
  CHECK(outcome.port == site::inside);
  CHECK(Bytes(outcome.frame.begin(), outcome.frame.begin() + 14) ==
        build_link({.to_mac = spec.from_mac, .from_mac = spec.to_mac}));
  CHECK(outcome.frame[14 + 20] == 3);
  CHECK(outcome.frame[14 + 21] == 3);
}

TEST_CASE_METHOD(Fixture, "answers are limited in rate, and what is not answered is named") {
  unsigned answered = 0, limited = 0;
  for (unsigned i = 0; i < 100; ++i) {
    const Verdict verdict = world.send(PacketSpec{.source_port = static_cast<std::uint16_t>(1000 + i)}).verdict;
    answered += verdict == Verdict::answer_port_unreachable;
    limited += verdict == Verdict::drop_answer_limited;
  }
  CHECK(answered == 50);
  CHECK(limited == 50);
  world.pass(10);
  unsigned later = 0;
  for (unsigned i = 0; i < 100; ++i)
    later += world.send(PacketSpec{.source_port = static_cast<std::uint16_t>(2000 + i)}).verdict ==
             Verdict::answer_port_unreachable;
  CHECK(later == 10);
}

TEST_CASE_METHOD(Fixture, "a sender that is none is not answered, and costs no answer") {
  for (int i = 0; i < 100; ++i)
    CHECK(world.send(PacketSpec{.source = "240.0.0.1"}).verdict == Verdict::drop_unanswerable);
  CHECK(world.send(PacketSpec{.source = "250.1.2.3"}).verdict == Verdict::drop_unanswerable);
  CHECK(world.send(PacketSpec{.source = "255.255.255.254"}).verdict == Verdict::drop_unanswerable);
  CHECK(world.send(PacketSpec{}).verdict == Verdict::answer_port_unreachable);
}
