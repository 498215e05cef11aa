// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/parse.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "support/packets.hpp"

using namespace fairway;
using namespace fairway::net;
using namespace fairway::tests;

namespace {

Parsed parsed(const Bytes& bytes, bool segmented = false) {
  const Frame frame(bytes, 0);
  PacketView packet = frame.view();
  packet.segmented = segmented;
  return parse(packet);
}

/// The frame with its IP header changed and that header's checksum right again.
template <class F>
Bytes with_ip(const PacketSpec& spec, F&& change) {
  Bytes bytes = build(spec);
  const std::size_t at = 14 + 4 * spec.tags.size();
  change(&bytes[at]);
  set16(bytes, at + 10, 0);
  const std::size_t length = std::min<std::size_t>((bytes[at] & 15u) * 4u, bytes.size() - at);
  set16(bytes, at + 10, naive_checksum({&bytes[at], length}));
  return bytes;
}

/// With some bytes changed, and every fourth time cut off somewhere.
Bytes damaged(Bytes bytes, std::mt19937_64& random, std::uint64_t changes) {
  for (; changes > 0; --changes) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
  bytes.resize(random() % 4 ? bytes.size() : random() % (bytes.size() + 1));
  return bytes;
}

}  // namespace

TEST_CASE("a TCP packet fills every field of its view, behind zero to two VLAN tags") {
  const auto tags =
      GENERATE(std::vector<std::uint16_t>{}, std::vector<std::uint16_t>{100}, std::vector<std::uint16_t>{4094, 1});
  const auto options = GENERATE(0u, 1u, 10u);
  const PacketSpec spec{.tags = tags, .flags = tcp_syn | tcp_ack, .ip_option_words = options, .payload = 3};
  const Frame frame(spec, 0);
  PacketView packet = frame.view();
  REQUIRE(parse(packet) == Parsed::tuple);
  CHECK(packet.family == Family::ipv4);
  CHECK(packet.network_offset == 14 + 4 * tags.size());
  CHECK(packet.transport_offset == packet.network_offset + 20 + 4 * options);
  CHECK(packet.network_length == 20 + 4 * options + 20 + 3);
  CHECK(packet.tcp_flags == (tcp_syn | tcp_ack));
  const Tuple4 tuple{.source = ipv4(spec.source),
                     .destination = ipv4(spec.destination),
                     .source_port = port(spec.source_port),
                     .destination_port = port(spec.destination_port),
                     .protocol = Protocol::tcp};
  CHECK(packet.tuple == tuple);
}

TEST_CASE("a UDP packet has no TCP flags") {
  const Frame frame(PacketSpec{.protocol = Protocol::udp, .payload = 1}, 0);
  PacketView packet = frame.view();
  packet.tcp_flags = 0xff;
  REQUIRE(parse(packet) == Parsed::tuple);
  CHECK(packet.tcp_flags == 0);
  CHECK(packet.tuple.protocol == Protocol::udp);
  CHECK(packet.network_length == 29);
}

TEST_CASE("what a short frame is padded with belongs to no packet") {
  const Frame frame(PacketSpec{.padding = 6}, 0);
  PacketView packet = frame.view();
  REQUIRE(parse(packet) == Parsed::tuple);
  CHECK(packet.network_length == 40);
  CHECK(packet.length == 60);
}

TEST_CASE("a packet cut short anywhere is malformed, and no byte behind its end is read") {
  const auto spec = GENERATE(PacketSpec{.payload = 5}, PacketSpec{.protocol = Protocol::udp, .payload = 5},
                             PacketSpec{.tags = {7, 8}, .ip_option_words = 10, .tcp_option_words = 10},
                             PacketSpec{.tags = {7}, .protocol = Protocol::udp, .ip_option_words = 3});
  const Bytes whole = build(spec);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    REQUIRE(parsed({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}) == Parsed::malformed);
  }
  CHECK(parsed(whole) == Parsed::tuple);
}

TEST_CASE("of a packet in several segments only the headers must lie in the first") {
  const PacketSpec spec{.tags = {7}, .ip_option_words = 2, .payload = 100};
  const Bytes whole = build(spec);
  const std::size_t headers = 18 + 28 + 20;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    const Bytes first(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    REQUIRE(parsed(first, true) == (length < headers ? Parsed::segmented : Parsed::tuple));
  }
}

TEST_CASE("every single bit that flips in an IP header is seen") {
  const PacketSpec spec{.ip_option_words = 2};
  const Bytes whole = build(spec);
  for (std::size_t bit = 0; bit < 28 * 8; ++bit) {
    Bytes bytes = whole;
    bytes[14 + bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    CAPTURE(bit);
    const Parsed result = parsed(bytes);
    // The first byte is looked at before the checksum, which covers as much as its length field says.
    REQUIRE((result == Parsed::bad_checksum || (bit < 8 && result == Parsed::malformed)));
  }
}

TEST_CASE("headers whose lengths contradict each other are malformed") {
  const PacketSpec tcp{.payload = 8}, udp{.protocol = Protocol::udp, .payload = 8};
  CHECK(parsed(with_ip(tcp, [](auto* ip) { ip[0] = 0x55; })) == Parsed::malformed);  // version 5
  CHECK(parsed(with_ip(tcp, [](auto* ip) { ip[0] = 0x65; })) == Parsed::malformed);  // IPv6 under IPv4's EtherType
  for (std::uint8_t words = 0; words < 5; ++words)
    CHECK(parsed(with_ip(tcp, [&](auto* ip) { ip[0] = static_cast<std::uint8_t>(0x40 | words); })) ==
          Parsed::malformed);
  // The total length: less than the header, too short for TCP's or UDP's, more than there is.
  for (const std::uint8_t total : {0, 19, 20, 39, 49})
    CHECK(parsed(with_ip(tcp, [&](auto* ip) { ip[3] = total; })) == Parsed::malformed);
  for (const std::uint8_t total : {20, 27, 35, 37})
    CHECK(parsed(with_ip(udp, [&](auto* ip) { ip[3] = total; })) == Parsed::malformed);
  // The header length of TCP: less than twenty bytes, more than the packet.
  for (const std::uint8_t words : {0, 4, 8, 15}) {
    Bytes bytes = build(tcp);
    bytes[14 + 20 + 12] = static_cast<std::uint8_t>(words << 4);
    CHECK(parsed(bytes) == Parsed::malformed);
  }
  // The length of UDP: less than its header, more than the packet.
  for (const std::uint16_t length : {0, 7, 17, 0xffff}) {
    Bytes bytes = build(udp);
    set16(bytes, 14 + 20 + 4, length);
    CHECK(parsed(bytes) == Parsed::malformed);
  }
  Bytes shorter = build(udp);  // less than the packet: bytes behind the datagram are nobody's
  set16(shorter, 14 + 20 + 4, 8);
  CHECK(parsed(shorter) == Parsed::tuple);
}

TEST_CASE("a fragment has its addresses and no service ports") {
  const auto fragment =
      GENERATE(std::uint16_t{0x2000}, std::uint16_t{0x0001}, std::uint16_t{0x3fff}, std::uint16_t{0x6000});
  const Frame frame(PacketSpec{.fragment = fragment}, 0);
  PacketView packet = frame.view();
  REQUIRE(parse(packet) == Parsed::fragment);
  CHECK(packet.tuple.source == ipv4("198.51.100.7"));
  CHECK(packet.tuple.destination == ipv4("192.0.2.1"));
  CHECK(packet.tuple.source_port.host() == 0);
  CHECK(packet.tuple.destination_port.host() == 0);
  CHECK(packet.tuple.protocol == Protocol::tcp);
}

TEST_CASE("the reserved fragment bit and DF make no fragment") {
  CHECK(parsed(build({.fragment = 0x4000})) == Parsed::tuple);
  CHECK(parsed(build({.fragment = 0x8000})) == Parsed::tuple);
  CHECK(parsed(build({.fragment = 0})) == Parsed::tuple);
}

TEST_CASE("what is not TCP or UDP over IPv4 is none of a director's") {
  for (const std::uint16_t type : {0x0806, 0x86dd, 0x88cc, 0x05dc, 0x0000})
    CHECK(parsed(build_link({}, type)) == Parsed::other);
  for (const std::uint8_t protocol : {1, 2, 4, 47, 50, 112, 132})
    CHECK(parsed(with_ip({}, [&](auto* ip) { ip[9] = protocol; })) == Parsed::other);
  // A third tag is not looked behind.
  Bytes bytes = build_link({.tags = {1, 2, 3}});
  const Bytes ip = build_ip({});
  bytes.insert(bytes.end(), ip.begin(), ip.end());
  CHECK(parsed(bytes) == Parsed::other);
}

TEST_CASE("layer-4 checksums are not looked at") {
  Bytes bytes = build({});
  bytes[14 + 20 + 16] ^= 0xff;
  CHECK(parsed(bytes) == Parsed::tuple);
}

TEST_CASE("the short way for plain packets finds what the long way finds") {
  std::mt19937_64 random(9);
  std::uint64_t plain = 0;
  for (int i = 0; i < 300'000; ++i) {
    PacketSpec spec{.tags = std::vector<std::uint16_t>(random() % 8 == 0, 5),
                    .protocol = random() % 2 ? Protocol::tcp : Protocol::udp,
                    .flags = static_cast<std::uint8_t>(random()),
                    .ip_option_words = random() % 8 == 0,
                    .tcp_option_words = random() % 11,
                    .payload = random() % 20,
                    .padding = random() % 8};
    const Bytes bytes = damaged(build(spec), random, random() % 3);
    const Frame frame(bytes, 0);
    PacketView one = frame.view(), other = frame.view();
    one.segmented = other.segmented = random() % 4 == 0;
    const Parsed result = parse(one);
    REQUIRE(result == parse_step_by_step(other));
    if (result != Parsed::tuple) continue;
    ++plain;
    REQUIRE(one.tuple == other.tuple);
    REQUIRE(one.family == other.family);
    REQUIRE(one.network_offset == other.network_offset);
    REQUIRE(one.transport_offset == other.transport_offset);
    REQUIRE(one.network_length == other.network_length);
    REQUIRE(one.tcp_flags == other.tcp_flags);
  }
  CHECK(plain > 100'000);
}

TEST_CASE("random bytes are read within their bounds, and what is accepted lies within them") {
  std::mt19937_64 random(7);
  std::uint64_t accepted = 0;
  for (int i = 0; i < 300'000; ++i) {
    Bytes bytes = build({.tags = std::vector<std::uint16_t>(random() % 3, 5),
                         .protocol = random() % 2 ? Protocol::tcp : Protocol::udp,
                         .ip_option_words = random() % 11,
                         .tcp_option_words = random() % 11,
                         .payload = random() % 20});
    const std::size_t at = bytes.size() - build_ip({}).size();
    bytes = damaged(std::move(bytes), random, random() % 6);
    if (bytes.size() > at && random() % 2) bytes[at] = static_cast<std::uint8_t>(random());
    const Frame frame(bytes, 0);
    PacketView packet = frame.view();
    packet.segmented = random() % 4 == 0;
    if (parse(packet) != Parsed::tuple) continue;
    ++accepted;
    const std::size_t header = packet.tuple.protocol == Protocol::tcp ? 20u : 8u;
    REQUIRE(packet.transport_offset + header <= packet.length);
    REQUIRE((packet.segmented || packet.network_offset + packet.network_length <= packet.length));
  }
  CHECK(accepted > 10'000);
}

TEST_CASE("random bytes without any shape are read within their bounds") {
  std::mt19937_64 random(8);
  for (int i = 0; i < 100'000; ++i) {
    Bytes bytes(random() % 100);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    if (bytes.size() >= 14) set16(bytes, 12, 0x0800);
    if (bytes.size() > 14) bytes[14] = static_cast<std::uint8_t>(0x40 | (random() % 16));
    // Only a header whose checksum happens to be right could get any further.
    const Parsed result = parsed(bytes, random() % 2 != 0);
    REQUIRE((result == Parsed::malformed || result == Parsed::segmented || result == Parsed::bad_checksum ||
             bytes.size() >= 34));
  }
}
