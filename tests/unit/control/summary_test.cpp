// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/summary.hpp"

#include <catch2/catch.hpp>

#include "support/control.hpp"

using namespace fairway;
using namespace fairway::control;
using namespace std::chrono_literals;
using fairway::test::address;
using fairway::test::ControlFixture;
using fairway::test::key;
using fairway::test::port;
using forward::Verdict;

TEST_CASE_METHOD(ControlFixture, "one line says what happened between two readings") {
  add_service(key(), {{address("192.0.2.1"), port(80)}});
  const auto id = server(key(), "192.0.2.1").id;
  const auto now = std::chrono::steady_clock::time_point() + 1h;
  const Reading before = read_counters(crew, director, now);
  CHECK(summary(before, before) == "0.0 packets/s, 0 connections (0.0 new/s), 0 packets handed over, 0 dropped");

  for (unsigned worker = 0; worker < workers; ++worker) {
    auto& counters = crew.channel(worker).counters;
    counters.packets.add(60'000);
    counters.connections.set(600);
    counters.handed_over.add(10);
    const auto count = [&](Verdict verdict, std::uint64_t packets) {
      counters.verdicts[static_cast<std::size_t>(verdict)].add(packets);
    };
    count(Verdict::drop_malformed, 1);
    count(Verdict::drop_no_route, 3);
    count(Verdict::answer_time_exceeded, 50);
    crew.lines(worker)[id.value].connections.add(150);
  }
  crew.channel(0).counters.hand_over_full.add(1);
  crew.channel(0).counters.kernel_full.add(2);
  crew.channel(0).counters.transmit_refused.add(4);
  const Reading after = read_counters(crew, director, now + 60s);
  CHECK(summary(before, after) ==
        "2000 packets/s, 1200 connections (5.0 new/s), 20 packets handed over, 8 dropped "
        "(drop_no_route 6, drop_malformed 2), 7 lost in full queues");
  CHECK(summary(after, read_counters(crew, director, now + 61s)) ==
        "0.0 packets/s, 1200 connections (0.0 new/s), 0 packets handed over, 0 dropped");
}
