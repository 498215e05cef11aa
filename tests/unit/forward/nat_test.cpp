// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/nat.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "net/parse.hpp"
#include "support/packets.hpp"

using namespace fairway;
using namespace fairway::tests;

namespace {

conn::Hot entry(std::string_view server, std::uint16_t server_port, std::string_view vip, std::uint16_t vport) {
  conn::Hot hot{};
  hot.v4.server = ipv4(server);
  hot.server_port = port(server_port);
  hot.v4.virtual_address = ipv4(vip);
  hot.virtual_port = port(vport);
  return hot;
}

/// The IP packet after translation, the frame having been changed before if need be.
template <class Translate>
Bytes translated(const Bytes& frame_bytes, const conn::Hot& hot, Translate&& translate) {
  const Frame frame(frame_bytes);
  net::PacketView packet = frame.view();
  REQUIRE(net::parse(packet) == net::Parsed::tuple);
  translate(packet, hot);
  return ip_bytes_of(packet);
}

std::size_t transport_checksum_at(const PacketSpec& spec) {
  return 20 + 4 * spec.ip_option_words + (spec.protocol == net::Protocol::tcp ? 16 : 6);
}

}  // namespace

TEST_CASE("a client's packet gets its server's address and port, and all checksums follow") {
  const auto protocol = GENERATE(net::Protocol::tcp, net::Protocol::udp);
  const std::size_t options = GENERATE(0u, 5u, 10u), payload = GENERATE(0u, 1u, 100u);
  const PacketSpec before{.protocol = protocol, .ip_option_words = options, .payload = payload};
  PacketSpec after = before;
  after.destination = "10.0.0.3";
  after.destination_port = 8080;
  const auto hot = entry("10.0.0.3", 8080, "192.0.2.1", 80);
  CHECK(translated(build(before), hot, forward::nat_to_server) == build_ip(after));
}

TEST_CASE("a server's packet gets the virtual address and port, and all checksums follow") {
  const auto protocol = GENERATE(net::Protocol::tcp, net::Protocol::udp);
  const PacketSpec before{.source = "10.0.0.3",
                          .destination = "198.51.100.7",
                          .source_port = 8080,
                          .destination_port = 40000,
                          .protocol = protocol,
                          .payload = 7};
  PacketSpec after = before;
  after.source = "192.0.2.1";
  after.source_port = 80;
  const auto hot = entry("10.0.0.3", 8080, "192.0.2.1", 80);
  CHECK(translated(build(before), hot, forward::nat_to_client) == build_ip(after));
}

TEST_CASE("a wrong layer-4 checksum stays wrong by as much") {
  const auto protocol = GENERATE(net::Protocol::tcp, net::Protocol::udp);
  const PacketSpec before{.protocol = protocol, .payload = 4};
  PacketSpec after = before;
  after.destination = "10.0.0.3";
  after.destination_port = 8080;
  const std::size_t at = transport_checksum_at(before);
  const Bytes right = build_ip(after);
  for (std::uint32_t wrong_by = 1; wrong_by < 0xffff; wrong_by += 257) {
    Bytes frame = build(before);
    const auto wrong = static_cast<std::uint16_t>((get16(frame.data(), 14 + at) + wrong_by) % 0xffff);
    if (wrong == 0) continue;
    set16(frame, 14 + at, wrong);
    const Bytes result = translated(frame, entry("10.0.0.3", 8080, "192.0.2.1", 80), forward::nat_to_server);
    REQUIRE_FALSE(has_right_checksums(result));
    REQUIRE((get16(result.data(), at) - get16(right.data(), at) + 2 * 0xffff - wrong_by) % 0xffff == 0);
  }
}

TEST_CASE("a UDP packet without a checksum stays without") {
  const PacketSpec spec{.protocol = net::Protocol::udp, .payload = 4};
  Bytes frame = build(spec);
  set16(frame, 14 + transport_checksum_at(spec), 0);
  const Bytes result = translated(frame, entry("10.0.0.3", 8080, "192.0.2.1", 80), forward::nat_to_server);
  CHECK(get16(result.data(), transport_checksum_at(spec)) == 0);
}

TEST_CASE("a UDP checksum that comes out as zero is sent as 0xffff") {
  // Of all ports that a server may have, just one makes the checksum zero.
  const PacketSpec spec{.protocol = net::Protocol::udp, .payload = 4};
  const std::size_t at = transport_checksum_at(spec);
  unsigned all_ones = 0;
  for (std::uint32_t number = 1; number < 65536; ++number) {
    const auto hot = entry("10.0.0.3", static_cast<std::uint16_t>(number), "192.0.2.1", 80);
    const Bytes result = translated(build(spec), hot, forward::nat_to_server);
    REQUIRE(get16(result.data(), at) != 0);
    if (get16(result.data(), at) != 0xffff) continue;
    ++all_ones;
    CHECK(has_right_checksums(result));
  }
  CHECK(all_ones == 1);
}

TEST_CASE("a UDP checksum of 0xffff is as good as any") {
  PacketSpec spec{.protocol = net::Protocol::udp, .payload = 4};
  const std::size_t at = transport_checksum_at(spec);
  for (spec.source_port = 1; get16(build_ip(spec).data(), at) != 0xffff; ++spec.source_port) REQUIRE(spec.source_port);
  const Bytes result = translated(build(spec), entry("10.0.0.3", 8080, "192.0.2.1", 80), forward::nat_to_server);
  CHECK(has_right_checksums(result));
  CHECK(get16(result.data(), at) != 0xffff);
}

TEST_CASE("there and back again, a hundred thousand random packets are what they were") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 100'000; ++i) {
    PacketSpec spec{.source_port = static_cast<std::uint16_t>(random()),
                    .protocol = random() % 2 ? net::Protocol::tcp : net::Protocol::udp,
                    .payload = random() % 8};
    conn::Hot hot{};
    hot.v4.server = net::Ipv4Address(static_cast<std::uint32_t>(random()));
    hot.server_port = port(static_cast<std::uint16_t>(random()));
    const Frame frame(spec);
    net::PacketView packet = frame.view();
    REQUIRE(net::parse(packet) == net::Parsed::tuple);
    const Bytes before = bytes_of(packet);
    forward::nat_to_server(packet, hot);
    REQUIRE(has_right_checksums(ip_bytes_of(packet)));
    hot.v4.server = packet.tuple.destination;
    hot.server_port = packet.tuple.destination_port;
    forward::nat_to_server(packet, hot);
    REQUIRE(bytes_of(packet) == before);
  }
}
