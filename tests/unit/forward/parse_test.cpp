// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/parse.hpp"

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using forward::Verdict;

namespace {

struct Fixture {
  World world;

  Fixture() { world.services.add(key_of("192.0.2.1"), "rr", {server_spec("10.0.0.1", 8080)}); }

  Verdict verdict_of(Bytes bytes, bool segmented = false) {
    const Frame frame(bytes);
    net::PacketView packet = frame.view(site::outside);
    packet.segmented = segmented;
    const Outcome outcome = world.run({packet}, 0).front();
    if (outcome.verdict != Verdict::transmit) CHECK(outcome.frame == bytes);  // as it came
    return outcome.verdict;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what is broken is dropped by name") {
  const Bytes whole = build({.payload = 10});
  CHECK(verdict_of(whole) == Verdict::transmit);
  CHECK(verdict_of({whole.begin(), whole.begin() + 13}) == Verdict::drop_malformed);
  CHECK(verdict_of({whole.begin(), whole.end() - 1}) == Verdict::drop_malformed);
  CHECK(verdict_of({whole.begin(), whole.begin() + 40}, true) == Verdict::drop_segmented);
  CHECK(verdict_of({whole.begin(), whole.begin() + 54}, true) == Verdict::transmit);
  Bytes wrong = whole;
  wrong[14 + 10] ^= 1;
  CHECK(verdict_of(wrong) == Verdict::drop_bad_checksum);
}

TEST_CASE_METHOD(Fixture, "what is not unicast TCP or UDP over IPv4 is the kernel's") {
  CHECK(verdict_of(build_link({}, 0x0806)) == Verdict::to_kernel);
  CHECK(verdict_of(build_link({}, 0x86dd)) == Verdict::to_kernel);
  CHECK(verdict_of(build({.to_mac = "ff:ff:ff:ff:ff:ff"})) == Verdict::to_kernel);
  CHECK(verdict_of(build({.to_mac = "01:00:5e:00:00:01"})) == Verdict::to_kernel);
}

TEST_CASE_METHOD(Fixture, "a frame that a switch has flooded here is not a client's, a macvlan's MAC is the port's") {
  const PacketSpec other{.to_mac = "02:00:00:00:00:02"};  // the other port's
  CHECK(verdict_of(build(other)) == Verdict::to_kernel);
  world.routes.ports[0].macs.push_back(mac("00:00:5e:00:01:0a"));
  CHECK(verdict_of(build({.to_mac = "00:00:5e:00:01:0a"})) == Verdict::transmit);
  CHECK(world.send(PacketSpec{.source_port = 1234}, net::PortId{7}).verdict == Verdict::to_kernel);
}

TEST_CASE_METHOD(Fixture, "a fragment to a service or from a NAT server is dropped, another is the kernel's") {
  CHECK(verdict_of(build({.fragment = 0x2000})) == Verdict::drop_fragment);
  CHECK(verdict_of(build({.fragment = 0x0010})) == Verdict::drop_fragment);
  CHECK(verdict_of(build({.source = "10.0.0.1", .destination = "198.51.100.7", .fragment = 0x2000})) ==
        Verdict::drop_fragment);
  CHECK(verdict_of(build({.destination = "192.0.2.254", .fragment = 0x2000})) == Verdict::to_kernel);
}
