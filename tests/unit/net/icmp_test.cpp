// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/icmp.hpp"

#include <catch2/catch.hpp>

#include "net/parse.hpp"
#include "support/packets.hpp"

using namespace fairway;
using namespace fairway::net;
using namespace fairway::tests;

namespace {

struct Answer {
  bool done;
  PacketView packet;  // its memory may be gone
  Bytes bytes, ip;
};

Answer answer(const Frame& frame, IcmpError error = {.type = 3, .code = 3}) {
  PacketView packet = frame.view();
  REQUIRE(parse(packet) == Parsed::tuple);
  const bool done = answer_with_icmp(packet, ipv4("192.0.2.1"), error);
  return {done, packet, bytes_of(packet), ip_bytes_of(packet)};
}

}  // namespace

TEST_CASE("an ICMP error goes back the way the packet came, byte for byte") {
  const PacketSpec spec{.tags = {0x123}, .service = 0xb8};
  const Answer result = answer(Frame(spec));
  REQUIRE(result.done);

  Bytes expected = build_link({.to_mac = spec.from_mac, .from_mac = spec.to_mac, .tags = {0x123}});
  const Bytes quoted = build_ip(spec);
  Bytes ip = {0x45, 0xd8, 0, 68, 0, 0, 0, 0, 64, 1, 0, 0};
  put_bytes(ip, ipv4("192.0.2.1"));
  put_bytes(ip, ipv4(spec.source));
  set16(ip, 10, naive_checksum(ip));
  Bytes icmp = {3, 3, 0, 0, 0, 0, 0, 0};
  icmp.insert(icmp.end(), quoted.begin(), quoted.end());
  set16(icmp, 2, naive_checksum(icmp));
  expected.insert(expected.end(), ip.begin(), ip.end());
  expected.insert(expected.end(), icmp.begin(), icmp.end());
  CHECK(result.bytes == expected);
}

TEST_CASE("the MTU stands in the last two bytes of fragmentation-needed") {
  const Answer result = answer(Frame(PacketSpec{.payload = 100}), {.type = 3, .code = 4, .mtu = 1380});
  CHECK(Bytes(result.bytes.begin() + 34, result.bytes.begin() + 36) == Bytes{3, 4});
  CHECK(Bytes(result.bytes.begin() + 38, result.bytes.begin() + 42) == Bytes{0, 0, 1380 >> 8, 1380 & 0xff});
  CHECK(has_right_checksums(result.ip));
}

TEST_CASE("the type of service is the packet's, with the precedence of network control, as Linux has it") {
  const auto [in, out] = GENERATE(table<int, int>({{0x00, 0xc0},
                                                   {0x01, 0xc0},
                                                   {0x02, 0xc2},
                                                   {0x03, 0xc2},
                                                   {0x10, 0xd0},
                                                   {0x1e, 0xde},
                                                   {0xe0, 0xc0},
                                                   {0xff, 0xde}}));
  CHECK(answer(Frame(PacketSpec{.service = static_cast<std::uint8_t>(in)})).bytes[15] == out);
}

TEST_CASE("a whole error is never longer than 576 bytes, and quotes 548 of a longer packet") {
  const std::size_t payload = GENERATE(0u, 1u, 507u, 508u, 509u, 1000u, 1460u);
  const PacketSpec spec{.payload = payload};
  const Answer result = answer(Frame(spec));
  const Bytes original = build_ip(spec);
  const std::size_t quoted = std::min<std::size_t>(548, original.size());
  REQUIRE(result.bytes.size() == 14 + 28 + quoted);
  CHECK(
      std::equal(original.begin(), original.begin() + static_cast<std::ptrdiff_t>(quoted), result.bytes.begin() + 42));
  CHECK(has_right_checksums(result.ip));
  CHECK(result.packet.network_length == 28 + quoted);
}

TEST_CASE("padding of the frame is not quoted") {
  const Answer result = answer(Frame(PacketSpec{.padding = 6}));
  CHECK(result.bytes.size() == 14 + 28 + 40);
}

TEST_CASE("an error needs 28 bytes before the packet") {
  CHECK(answer(Frame(PacketSpec{}, 28)).done);
  const Frame frame(PacketSpec{}, 27);
  const Answer result = answer(frame);
  CHECK_FALSE(result.done);
  CHECK(result.bytes == build({}));
}

TEST_CASE("the headroom shrinks by what the error adds") {
  const Frame frame(PacketSpec{}, 100);
  const Answer result = answer(frame);
  CHECK(result.packet.headroom == 72);
  CHECK(result.packet.frame == frame.view().frame - 28);
}

TEST_CASE("of a packet in segments only the first is quoted, and the rest is cut off") {
  const PacketSpec spec{.payload = 1000};
  Bytes bytes = build(spec);
  bytes.resize(200);
  const Frame frame(bytes);
  PacketView packet = frame.view();
  packet.segmented = true;
  REQUIRE(parse(packet) == Parsed::tuple);
  REQUIRE(answer_with_icmp(packet, ipv4("192.0.2.1"), {.type = 11, .code = 0}));
  CHECK_FALSE(packet.segmented);
  CHECK(packet.length == 228);
  CHECK(has_right_checksums(ip_bytes_of(packet)));
}

TEST_CASE("no error is sent to a sender that is none, nor about what went to a group") {
  const auto may = [](const PacketSpec& spec) {
    const Frame frame(spec);
    PacketView packet = frame.view();
    REQUIRE(parse(packet) == Parsed::tuple);
    return may_answer(packet);
  };
  CHECK(may({}));
  CHECK(may({.source = "1.0.0.0"}));
  CHECK(may({.source = "223.255.255.255"}));
  CHECK_FALSE(may({.source = "0.0.0.0"}));
  CHECK_FALSE(may({.source = "0.1.2.3"}));
  CHECK_FALSE(may({.source = "127.0.0.1"}));
  CHECK_FALSE(may({.source = "224.0.0.1"}));
  CHECK_FALSE(may({.source = "240.0.0.1"}));
  CHECK_FALSE(may({.source = "255.255.255.255"}));
  CHECK_FALSE(may({.destination = "224.0.0.1"}));
  CHECK_FALSE(may({.to_mac = "01:00:5e:00:00:01"}));
  CHECK_FALSE(may({.to_mac = "ff:ff:ff:ff:ff:ff"}));
}
