// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/send.hpp"

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using forward::Verdict;
using service::Forwarding;

namespace {

struct Fixture {
  World world;

  explicit Fixture(std::uint16_t vlan = route::no_vlan) {
    world.services.add(key_of("192.0.2.1"), "rr", {server_spec("10.0.0.1", 80, Forwarding::dr)});
    route::set_header(world.routes.next_hops[site::gateway_hop + 1], mac(site::server_mac(1)), mac(site::inside_mac),
                      vlan);
  }
  static Bytes expected(const PacketSpec& in, std::vector<std::uint16_t> tags) {
    PacketSpec out = in;
    out.to_mac = site::server_mac(1);
    out.from_mac = std::string(site::inside_mac);
    out.tags = std::move(tags);
    out.padding = 0;
    --out.ttl;
    return build(out);
  }
};

}  // namespace

TEST_CASE("tags that came in are gone, the next hop's own goes out, and padding is cut") {
  const std::uint16_t vlan = GENERATE(std::uint16_t{route::no_vlan}, std::uint16_t{300});
  const std::size_t tags = GENERATE(0u, 1u, 2u), padding = GENERATE(0u, 6u);
  Fixture fixture(vlan);
  const PacketSpec spec{.tags = std::vector<std::uint16_t>(tags, 100), .padding = padding};
  const Outcome outcome = fixture.world.send(spec);
  CHECK(outcome.verdict == Verdict::transmit);
  CHECK(outcome.port == site::inside);
  CHECK(outcome.frame ==
        Fixture::expected(spec, vlan == route::no_vlan ? std::vector<std::uint16_t>{} : std::vector{vlan}));
}

TEST_CASE("a longer link-layer header needs room before the frame") {
  Fixture fixture(300);
  CHECK(fixture.world.send(Frame(PacketSpec{}, 4)).verdict == Verdict::transmit);
  CHECK(fixture.world.send(Frame(PacketSpec{}, 3)).verdict == Verdict::drop_no_headroom);
  CHECK(fixture.world.send(Frame(PacketSpec{.tags = {1}}, 0)).verdict == Verdict::transmit);
}

TEST_CASE("the first segment of a longer packet keeps its length") {
  Fixture fixture;
  const PacketSpec spec{.payload = 1000};
  Bytes first = build(spec);
  first.resize(300);
  const Frame frame(first);
  net::PacketView packet = frame.view(site::outside);
  packet.segmented = true;
  const Outcome outcome = fixture.world.run({packet}, 0).front();
  CHECK(outcome.verdict == Verdict::transmit);
  Bytes expected = Fixture::expected(spec, {});
  expected.resize(300);
  CHECK(outcome.frame == expected);
}
