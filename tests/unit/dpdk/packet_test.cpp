// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/packet.hpp"

#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

#include "dpdk/pool.hpp"
#include "support/eal.hpp"

namespace {

using namespace fairway;

std::vector<std::uint8_t> counting(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
  return bytes;
}

std::vector<std::uint8_t> bytes_of(const dpdk::Packet& packet) {
  std::vector<std::uint8_t> bytes(dpdk::length(packet));
  REQUIRE(dpdk::copy_out(packet, bytes) == bytes.size());
  return bytes;
}

struct Fixture {
  dpdk::Pool pool = [] {
    tests::eal();
    return dpdk::Pool::create({.packets = 63, .cache = 0}).value();
  }();
  dpdk::Packet* packet = pool.copy_in(counting(60));

  ~Fixture() {
    dpdk::free(packet);
    CHECK(pool.available() == 63);
  }

  net::PacketView view() {
    net::PacketView view{};
    dpdk::read(*packet, net::PortId{3}, view);
    return view;
  }

  void append_segment(std::size_t bytes) { REQUIRE(rte_pktmbuf_chain(packet, pool.copy_in(counting(bytes))) == 0); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a view shows where a packet lies and what room is before it") {
  const auto view = this->view();
  CHECK(view.frame[0] == 1);
  CHECK(view.frame[59] == 60);
  CHECK(view.length == 60);
  CHECK(view.headroom == 128);
  CHECK(view.port == net::PortId{3});
  CHECK_FALSE(view.segmented);
}

TEST_CASE_METHOD(Fixture, "a view that moved its frame moves the packet's") {
  auto view = this->view();
  view.frame -= 20;
  view.length = 80;
  std::fill_n(view.frame, 20, std::uint8_t{0xee});
  packet->ol_flags |= RTE_MBUF_F_RX_VLAN_STRIPPED;
  dpdk::write(view, *packet);
  auto expected = counting(60);
  expected.insert(expected.begin(), 20, 0xee);
  CHECK(bytes_of(*packet) == expected);
  CHECK(packet->ol_flags == 0);
  CHECK(this->view().headroom == 108);
  CHECK(rte_mbuf_check(packet, 1, nullptr) == 0);
}

TEST_CASE_METHOD(Fixture, "a view that was shortened shortens the packet") {
  auto view = this->view();
  view.frame += 4;
  view.length = 20;
  dpdk::write(view, *packet);
  const auto bytes = counting(24);
  CHECK(bytes_of(*packet) == std::vector<std::uint8_t>(bytes.begin() + 4, bytes.end()));
}

TEST_CASE_METHOD(Fixture, "a segmented packet keeps its other segments when its first one changes") {
  append_segment(100);
  append_segment(50);
  auto view = this->view();
  CHECK(view.segmented);
  CHECK(view.length == 60);
  view.frame -= 20;
  view.length = 80;
  dpdk::write(view, *packet);
  CHECK(dpdk::length(*packet) == 230);
  const auto bytes = bytes_of(*packet);
  CHECK(bytes[80] == 1);
  CHECK(bytes[180] == 1);
  CHECK(rte_mbuf_check(packet, 1, nullptr) == 0);
}

TEST_CASE_METHOD(Fixture, "an answer built in the first segment cuts off the others") {
  append_segment(100);
  append_segment(50);
  auto view = this->view();
  view.segmented = false;
  view.length = 70;
  dpdk::write(view, *packet);
  CHECK(dpdk::length(*packet) == 70);
  CHECK(packet->nb_segs == 1);
  CHECK(pool.available() == 62);
  CHECK(rte_mbuf_check(packet, 1, nullptr) == 0);
}

TEST_CASE_METHOD(Fixture, "a packet is copied out whole or not at all") {
  append_segment(100);
  std::vector<std::uint8_t> bytes(159);
  CHECK(dpdk::copy_out(*packet, bytes) == 0);
  bytes.resize(200);
  REQUIRE(dpdk::copy_out(*packet, bytes) == 160);
  CHECK(bytes[59] == 60);
  CHECK(bytes[60] == 1);
  CHECK(bytes[159] == 100);
}
