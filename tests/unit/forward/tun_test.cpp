// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/tun.hpp"

#include <catch2/catch.hpp>

#include "net/parse.hpp"
#include "support/packets.hpp"

using namespace fairway;
using namespace fairway::tests;

namespace {

/// The tunnelled packet from its outer IP header on; empty if there was no room.
Bytes tunnelled(const PacketSpec& spec, std::uint16_t headroom = 128, bool keeps_df = true) {
  const Frame frame(spec, headroom);
  net::PacketView packet = frame.view();
  REQUIRE(net::parse(packet) == net::Parsed::tuple);
  const forward::Tunnel to{
      .source = ipv4("10.0.0.254"), .server = ipv4("10.0.0.3"), .id = 0xabcd, .keeps_df = keeps_df};
  if (!forward::tunnel(packet, to)) return {};
  CHECK(packet.network_length == 40 + 4 * spec.ip_option_words + build_transport(spec).size());
  return ip_bytes_of(packet);
}

}  // namespace

TEST_CASE("an IPIP packet is the packet behind an outer header of twenty bytes") {
  const std::size_t tags = GENERATE(0u, 1u, 2u), options = GENERATE(0u, 3u), payload = GENERATE(0u, 33u);
  const PacketSpec spec{
      .tags = std::vector<std::uint16_t>(tags, 9), .ttl = 61, .ip_option_words = options, .payload = payload};
  const Bytes inner = build_ip(spec), result = tunnelled(spec);
  REQUIRE(result.size() == inner.size() + 20);
  CHECK(Bytes(result.begin() + 20, result.end()) == inner);

  Bytes outer = {0x45, 0};
  put16(outer, inner.size() + 20);
  put16(outer, 0);       // with DF the id says nothing
  put16(outer, 0x4000);  // DF
  outer.push_back(61);
  outer.push_back(4);
  put16(outer, 0);
  put_bytes(outer, ipv4("10.0.0.254"));
  put_bytes(outer, ipv4("10.0.0.3"));
  set16(outer, 10, naive_checksum(outer));
  CHECK(Bytes(result.begin(), result.begin() + 20) == outer);
}

TEST_CASE("a packet that may be fragmented gets an id outside, and no DF") {
  const Bytes result = tunnelled({.fragment = 0});
  CHECK(get16(result.data(), 4) == 0xabcd);
  CHECK(get16(result.data(), 6) == 0);
  CHECK(naive_sum({result.data(), 20}) == 0xffff);
}

TEST_CASE("the type of service is copied, but for congestion that was seen before the tunnel") {
  for (unsigned service = 0; service < 256; ++service) {
    const Bytes result = tunnelled({.service = static_cast<std::uint8_t>(service)});
    const unsigned expected = (service & 3) == 3 ? service - 1 : service;  // RFC 3168, 9.1.1: CE goes in as ECT(0)
    REQUIRE(result[1] == expected);
    REQUIRE(result[21] == service);
  }
}

TEST_CASE("an outer header needs twenty bytes before the frame") {
  CHECK(tunnelled({}, 20).size() == 60);
  CHECK(tunnelled({}, 19).empty());
}

TEST_CASE("with pmtu_disc 0 the outer header lets the packet be fragmented, whatever the inner one says") {
  const bool df = GENERATE(true, false);
  const PacketSpec spec{.fragment = static_cast<std::uint16_t>(df ? 0x4000 : 0)};
  const Bytes packet = tunnelled(spec, 128, false);
  REQUIRE(packet.size() > 40);
  CHECK(packet[6] == 0);
  CHECK(packet[7] == 0);
  CHECK((packet[4] << 8 | packet[5]) == 0xabcd);
  CHECK((packet[26] & 0x40) == (df ? 0x40 : 0));
}
