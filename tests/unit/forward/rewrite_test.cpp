// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/rewrite.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using forward::Verdict;
using service::Forwarding;

namespace {

struct Fixture {
  World world;

  /// A service whose server's next hop takes packets of so many bytes.
  void serve(Forwarding forwarding, std::uint16_t mtu = 1500) {
    world.services.add(key_of("192.0.2.1"), "rr", {server_spec("10.0.0.1", 80, forwarding)});
    world.routes.next_hops[site::gateway_hop + 1].mtu = mtu;
    world.send(PacketSpec{});
  }
  /// A packet of the connection with so many bytes of IP.
  static PacketSpec of_size(std::size_t bytes, std::uint16_t fragment = 0x4000) {
    return {.flags = tcp_ack, .fragment = fragment, .payload = bytes - 40};
  }
  static PacketSpec reply(std::size_t bytes, std::uint16_t fragment = 0x4000, std::uint8_t ttl = 64) {
    PacketSpec spec = reply_to(of_size(bytes, fragment), "10.0.0.1", 80, tcp_ack);
    spec.ttl = ttl;
    return spec;
  }
};

std::uint16_t icmp_mtu(const Outcome& outcome) { return get16(outcome.frame.data(), 14 + 20 + 6); }
std::string icmp_source(const Outcome& outcome) {
  net::Ipv4Address source;
  std::memcpy(&source, &outcome.frame[14 + 12], sizeof source);
  return net::to_string(source);
}

}  // namespace

TEST_CASE("the TTL counts down and its checksum follows, from every TTL with every protocol") {
  for (unsigned ttl = 1; ttl < 256; ++ttl)
    for (const unsigned protocol : {6u, 17u}) {
      PacketSpec spec{.protocol = static_cast<net::Protocol>(protocol), .ttl = static_cast<std::uint8_t>(ttl)};
      Bytes packet = build_ip(spec);
      forward::decrement_ttl(*reinterpret_cast<net::Ipv4Header*>(packet.data()));
      --spec.ttl;
      REQUIRE(packet == build_ip(spec));
    }
}

TEST_CASE("a hop less changes every checksum as RFC 1624 has it") {
  net::ChecksumChange change;
  change.replace(net::Big16(std::uint16_t{0x0100}), net::Big16(std::uint16_t{0}));
  unsigned wrong = 0;
  for (unsigned value = 0; value <= 0xffff; ++value) {
    net::Ipv4Header ip{};
    ip.ttl = 64;
    ip.checksum = net::Big16(static_cast<std::uint16_t>(value));
    const net::Big16 expected = change.apply(ip.checksum);
    forward::decrement_ttl(ip);
    if (ip.checksum != expected || ip.ttl != 63) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE_METHOD(Fixture, "what fits goes out, by every method") {
  const auto forwarding = GENERATE(Forwarding::nat, Forwarding::dr, Forwarding::tun);
  serve(forwarding, 1400);
  const std::size_t most = forwarding == Forwarding::tun ? 1380 : 1400;
  CHECK(world.send(of_size(most - 1)).verdict == Verdict::transmit);
  const Outcome largest = world.send(of_size(most));
  CHECK(largest.verdict == Verdict::transmit);
  CHECK(largest.frame.size() == 14 + 1400);

  const Outcome refused = world.send(of_size(most + 1));
  CHECK(refused.verdict == Verdict::answer_fragmentation_needed);
  CHECK(icmp_mtu(refused) == most);
  CHECK(icmp_source(refused) == "192.0.2.1");
  CHECK(refused.port == site::outside);
  CHECK(world.send(of_size(most + 1, 0)).verdict == Verdict::drop_too_big);
}

TEST_CASE_METHOD(Fixture, "a client's packet with TTL 1 ends here, whatever its size, with an answer from the VIP") {
  serve(GENERATE(Forwarding::nat, Forwarding::dr, Forwarding::tun), 100);
  PacketSpec spec = of_size(GENERATE(40u, 1500u));
  spec.ttl = GENERATE(std::uint8_t{0}, std::uint8_t{1});
  const Outcome outcome = world.send(spec);
  CHECK(outcome.verdict == Verdict::answer_time_exceeded);
  CHECK(icmp_source(outcome) == "192.0.2.1");
  const Bytes original = build_ip(spec), quoted(outcome.frame.begin() + 42, outcome.frame.end());
  CHECK(std::equal(quoted.begin(), quoted.end(), original.begin()));
  CHECK(has_right_checksums(outcome.ip()));
}

TEST_CASE_METHOD(Fixture, "a client's packet that is too big was a hop older by then, as in the kernel") {
  serve(Forwarding::nat, 1000);
  PacketSpec spec = of_size(1001);
  const Outcome outcome = world.send(spec);
  --spec.ttl;
  const Bytes original = build_ip(spec), quoted(outcome.frame.begin() + 42, outcome.frame.end());
  CHECK(std::equal(quoted.begin(), quoted.end(), original.begin()));
}

TEST_CASE_METHOD(Fixture, "errors about a server's packets come from the director, not from the VIP") {
  serve(Forwarding::nat);
  world.routes.next_hops[site::gateway_hop].mtu = 1400;
  CHECK(world.send(reply(1400), site::inside).verdict == Verdict::transmit);
  const Outcome big = world.send(reply(1401), site::inside);
  CHECK(big.verdict == Verdict::answer_fragmentation_needed);
  CHECK(icmp_mtu(big) == 1400);
  CHECK(icmp_source(big) == "10.0.0.254");
  CHECK(big.port == site::inside);
  CHECK(world.send(reply(1401, 0), site::inside).verdict == Verdict::drop_too_big);
  const Outcome old = world.send(reply(1401, 0x4000, 1), site::inside);
  CHECK(old.verdict == Verdict::answer_time_exceeded);
  CHECK(icmp_source(old) == "10.0.0.254");

  // The kernel looks at the MTU before the TTL counts down here: the quoted packet is the server's own.
  const Bytes original = build_ip(reply(1401)), quoted(big.frame.begin() + 42, big.frame.end());
  CHECK(std::equal(quoted.begin(), quoted.end(), original.begin()));
}

TEST_CASE_METHOD(Fixture, "a port without an address of its own answers with another port's, else with the dummy one") {
  serve(Forwarding::nat);
  world.routes.ports[1].local.clear();
  CHECK(icmp_source(world.send(reply(100, 0, 1), site::inside)) == "192.0.2.254");
  world.routes.ports[0].local = {address("2001:db8::1")};
  CHECK(icmp_source(world.send(reply(100, 0, 1), site::inside)) == "192.0.0.8");  // RFC 7600, as Linux
}

TEST_CASE_METHOD(Fixture, "outer headers that may be fragmented get ids of their own") {
  serve(Forwarding::tun);
  std::set<std::uint16_t> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(get16(world.send(of_size(40, 0)).frame.data(), 14 + 4));
  CHECK(ids.size() == 1000);
}

TEST_CASE_METHOD(Fixture, "a packet without room for what comes before it is dropped by name") {
  serve(Forwarding::tun);
  const auto verdict = [&](const PacketSpec& spec, std::uint16_t headroom) {
    return world.send(Frame(spec, headroom)).verdict;
  };
  CHECK(verdict(of_size(40), 19) == Verdict::drop_no_headroom);
  CHECK(verdict(of_size(40), 20) == Verdict::transmit);
  PacketSpec old = of_size(40);
  old.ttl = 1;
  CHECK(verdict(old, 27) == Verdict::drop_no_headroom);
  CHECK(verdict(old, 28) == Verdict::answer_time_exceeded);
}
