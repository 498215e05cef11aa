// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/context.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "support/packets.hpp"

using namespace fairway;
using namespace fairway::forward;
using namespace fairway::tests;
using base::later;
using base::Stamp;

TEST_CASE("answers come in bursts of fifty, and a thousand a second") {
  AnswerLimit limit;
  const Stamp start{GENERATE(0u, 1u, 0x80000000u, 0xffffff00u)};
  unsigned at_once = 0, in_a_second = 0;
  for (int i = 0; i < 100; ++i) at_once += limit.take(start);
  CHECK(at_once == 50);
  for (std::uint32_t passed = 1; passed <= 1000; ++passed)
    for (int i = 0; i < 3; ++i) in_a_second += limit.take(later(start, passed));
  CHECK(in_a_second == 1000);
}

TEST_CASE("a long pause saves up no more than a burst") {
  AnswerLimit limit;
  while (limit.take({0})) {}
  unsigned after = 0;
  for (int i = 0; i < 1000; ++i) after += limit.take({3'600'000});
  CHECK(after == 50);
}

TEST_CASE("one worker owns everything") {
  for (std::uint32_t i = 0; i < 100; ++i)
    REQUIRE(owner_of(net::Ipv4Address(i), net::ServicePort(static_cast<std::uint16_t>(i)), 1) == 0);
}

TEST_CASE("each worker owns about its share of clients, however they are chosen") {
  const unsigned workers = GENERATE(2u, 3u, 4u, 16u);
  const int kind = GENERATE(0, 1, 2, 3);
  std::mt19937_64 random(1);
  std::vector<unsigned> counts(workers);
  constexpr std::uint32_t clients = 20'000;
  for (std::uint32_t i = 0; i < clients; ++i) {
    std::uint32_t client = 0xc6336407u;
    std::uint32_t number = 40000;
    if (kind == 0) number = 1024 + i;                // one client's ports
    if (kind == 1) client = 0x0a000000u + i;         // a network, one port
    if (kind == 2) client = 0x0a000000u + (i << 8);  // many networks
    if (kind == 3) client = static_cast<std::uint32_t>(random()), number = static_cast<std::uint32_t>(random());
    const unsigned owner =
        owner_of(net::Ipv4Address(client), net::ServicePort(static_cast<std::uint16_t>(number)), workers);
    REQUIRE(owner < workers);
    ++counts[owner];
  }
  for (const unsigned count : counts) {
    CAPTURE(workers, kind);
    CHECK(count > clients / workers * 7 / 10);
    CHECK(count < clients / workers * 13 / 10);
  }
}

TEST_CASE("IPv6 clients have owners too") {
  std::vector<unsigned> counts(4);
  for (std::uint32_t i = 0; i < 4000; ++i) {
    net::Ipv6Address client{{0x20, 0x01, 0x0d, 0xb8}};
    client.bytes[14] = static_cast<std::uint8_t>(i >> 8);
    client.bytes[15] = static_cast<std::uint8_t>(i);
    ++counts[owner_of(client, net::ServicePort(443), 4)];
  }
  for (const unsigned count : counts) CHECK(count > 700);
}
