// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/steering.hpp"

#include <rte_thash.h>

#include <array>
#include <catch2/catch.hpp>
#include <random>

#include "dpdk/packet.hpp"
#include "dpdk/pool.hpp"
#include "dpdk/port.hpp"
#include "net/steering.hpp"
#include "support/eal.hpp"

using namespace fairway;
using dpdk::Faces;
using dpdk::Steering;

namespace {

constexpr std::uint64_t plain = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
constexpr std::uint64_t halves =
    RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L3_DST_ONLY | RTE_ETH_RSS_L4_SRC_ONLY | RTE_ETH_RSS_L4_DST_ONLY;

/// A NIC that can all that is asked for.
rte_eth_dev_info capable() {
  rte_eth_dev_info info{};
  info.flow_type_rss_offloads = plain | halves;
  info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_RSS_HASH | RTE_ETH_RX_OFFLOAD_SCATTER;
  info.reta_size = 512;
  info.hash_key_size = 40;
  return info;
}

Steering best(const rte_eth_dev_info& info, Faces faces = Faces::clients, std::uint16_t queues = 4,
              unsigned workers = 4) {
  return dpdk::plan_steering(info, faces, queues, workers).front().steering;
}

/// What a device computes over fields, each as one or more words in the processor's order.
std::uint32_t device_hash(std::vector<std::uint32_t> fields, const std::vector<std::uint8_t>& key) {
  return rte_softrss(fields.data(), static_cast<std::uint32_t>(fields.size()), key.data());
}

}  // namespace

TEST_CASE("the software's hash is the device's, in whatever order a device takes its fields") {
  const auto key = dpdk::plan_steering(capable(), Faces::clients, 4, 4).front().key;
  REQUIRE(key.size() == 40);
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t address = static_cast<std::uint32_t>(random());
    const auto port = static_cast<std::uint16_t>(random());
    const std::uint32_t hash = net::steering_hash(net::Ipv4Address(address), net::ServicePort(port));
    const std::uint32_t whole = hash << 16 | hash;
    CHECK(device_hash({address, std::uint32_t{port} << 16}, key) == whole);     // the fields alone
    CHECK(device_hash({address, 0, std::uint32_t{port} << 16}, key) == whole);  // the source's; the other side zero
    CHECK(device_hash({0, address, port}, key) == whole);                       // the destination's
    CHECK(device_hash({std::uint32_t{port} << 16, address}, key) == whole);     // ports first
  }
}

TEST_CASE("the software's hash of IPv6 is the device's too") {
  const auto key = dpdk::plan_steering(capable(), Faces::clients, 4, 4).front().key;
  std::mt19937 random(2);
  for (int i = 0; i < 100; ++i) {
    net::Ipv6Address address;
    for (auto& byte : address.bytes) byte = static_cast<std::uint8_t>(random());
    const auto port = static_cast<std::uint16_t>(random());
    std::vector<std::uint32_t> fields;
    for (std::size_t word = 0; word < 16; word += 4)
      fields.push_back(std::uint32_t{address.bytes[word]} << 24 | std::uint32_t{address.bytes[word + 1]} << 16 |
                       std::uint32_t{address.bytes[word + 2]} << 8 | address.bytes[word + 3]);
    fields.push_back(port);
    const std::uint32_t hash = net::steering_hash(address, net::ServicePort(port));
    CHECK(device_hash(fields, key) == (hash << 16 | hash));
  }
}

TEST_CASE("a device that can hash one side steers packets to the workers that own their flows") {
  const auto clients = dpdk::plan_steering(capable(), Faces::clients, 3, 3).front();
  CHECK(clients.steering == Steering::owner);
  CHECK((clients.types & halves) == (RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L4_SRC_ONLY));
  CHECK((clients.types & RTE_ETH_RSS_NONFRAG_IPV4_TCP) != 0);
  CHECK(clients.offloads == RTE_ETH_RX_OFFLOAD_RSS_HASH);
  const auto servers = dpdk::plan_steering(capable(), Faces::servers, 3, 3).front();
  CHECK((servers.types & halves) == (RTE_ETH_RSS_L3_DST_ONLY | RTE_ETH_RSS_L4_DST_ONLY));
  CHECK(servers.key == clients.key);
  // Whatever the lower bits of a hash, its entry's queue is the owner's.
  REQUIRE(clients.queue_of.size() == 512);
  for (std::uint32_t hash = 0; hash < 65'536; ++hash) REQUIRE(clients.queue_of[hash % 512] == net::steered_to(hash, 3));
}

TEST_CASE("a device that cannot steer to owners is used as well as it can be") {
  CHECK(best(capable()) == Steering::owner);
  CHECK(best(capable(), Faces::both) == Steering::spread);
  CHECK(best(capable(), Faces::clients, 2, 4) == Steering::spread);  // some workers have no queue
  CHECK(best(capable(), Faces::clients, 1, 1) == Steering::none);
  CHECK(best(capable(), Faces::clients, 8, 4) == Steering::owner);
  auto info = capable();
  info.reta_size = 64;
  CHECK(best(info) == Steering::spread);
  info = capable();
  info.reta_size = 0;
  CHECK(best(info) == Steering::spread);
  info = capable();
  info.hash_key_size = 0;
  CHECK(best(info) == Steering::spread);
  info = capable();
  info.flow_type_rss_offloads &= ~RTE_ETH_RSS_L4_SRC_ONLY;
  CHECK(best(info) == Steering::spread);
  CHECK(best(info, Faces::servers) == Steering::owner);
  info.flow_type_rss_offloads = 0;
  CHECK(best(info) == Steering::none);
}

TEST_CASE("a plan that a device refuses has another behind it") {
  const auto plans = dpdk::plan_steering(capable(), Faces::clients, 4, 4);
  REQUIRE(plans.size() == 2);
  CHECK(plans[1].steering == Steering::spread);
  CHECK(plans[1].key.empty());
  CHECK(plans[1].queue_of.empty());
  CHECK((plans[1].types & halves) == 0);
}

TEST_CASE("a device that only spreads says so, and still starts") {
  dpdk::Pool pool = [] {
    tests::eal();
    return dpdk::Pool::create({.packets = 1023, .cache = 0}).value();
  }();
  std::array<dpdk::Pool*, 1> pools{&pool};
  REQUIRE(tests::eal().add_device("net_null7"));
  const auto port = tests::eal().open_port(
      {.device = "net_null7", .receive_queues = 2, .transmit_queues = 2, .workers = 2, .faces = Faces::clients}, pools);
  REQUIRE(port);
  CHECK(port->steering() == Steering::spread);
  CHECK(port->receive_queues() == 2);
}

TEST_CASE("the moment of receipt takes the place of the device's hash") {
  tests::eal();
  dpdk::Pool pool = dpdk::Pool::create({.packets = 63, .cache = 0}).value();
  dpdk::Packet* packet = pool.allocate();
  packet->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
  packet->hash.rss = 7;
  CHECK(dpdk::has_hash(*packet));
  CHECK(dpdk::hash(*packet) == 7);
  dpdk::set_received_at(*packet, 0x123456789abcdef0u);
  CHECK_FALSE(dpdk::has_hash(*packet));
  CHECK(dpdk::received_at(*packet) == 0x123456789abcdef0u);
  dpdk::free(packet);
}
