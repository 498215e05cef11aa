// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/pool.hpp"

#include <rte_malloc.h>

#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "support/eal.hpp"

namespace {

using namespace fairway;

dpdk::Pool make_pool(const dpdk::PoolSettings& settings) {
  tests::eal();
  auto pool = dpdk::Pool::create(settings);
  REQUIRE(pool);
  return std::move(*pool);
}

std::size_t allocated_bytes() {
  rte_malloc_socket_stats statistics{};
  REQUIRE(rte_malloc_get_socket_stats(0, &statistics) == 0);
  return statistics.heap_allocsz_bytes;
}

}  // namespace

TEST_CASE("a pool gives each of its packets once") {
  auto pool = make_pool({.packets = 1000, .cache = 64});
  CHECK(pool.size() == 1000);
  std::vector<dpdk::Packet*> packets(999);
  REQUIRE(pool.allocate(packets));
  CHECK_FALSE(pool.allocate(std::span(packets).first(2)));
  dpdk::Packet* last = pool.allocate();
  REQUIRE(last != nullptr);
  CHECK(pool.allocate() == nullptr);
  CHECK(pool.available() == 0);
  packets.push_back(last);
  for (const auto* packet : packets) REQUIRE(packet->pool == pool.get());
  dpdk::free(packets.data(), 1000);
  CHECK(pool.available() == 1000);
}

TEST_CASE("a packet of the pool holds a frame of the size asked for, behind headroom") {
  auto pool = make_pool({.packets = 100, .frame_bytes = 9018, .cache = 0});
  CHECK(pool.frame_bytes() == 9018);
  const std::vector<std::uint8_t> frame(9018, 7), too_long(9019, 7);
  dpdk::Packet* packet = pool.copy_in(frame);
  REQUIRE(packet != nullptr);
  CHECK(dpdk::length(*packet) == 9018);
  CHECK(packet->data_off == 128);
  dpdk::free(packet);
  CHECK(pool.copy_in(too_long) == nullptr);
  CHECK(pool.available() == 100);
}

TEST_CASE("without hugepages packets lie close together, and the estimate of their memory is what they take") {
  tests::eal();
  const dpdk::PoolSettings settings{.packets = 16'383};
  const std::size_t before = allocated_bytes();
  {
    auto pool = make_pool(settings);
    const double taken = static_cast<double>(allocated_bytes() - before);
    CHECK(taken <= static_cast<double>(dpdk::Pool::bytes_for(settings, false)));
    CHECK(taken >= 0.9 * static_cast<double>(dpdk::Pool::bytes_for(settings, false)));
    CHECK(taken / settings.packets < 2600);
    dpdk::Packet* packet = pool.allocate();
    CHECK(packet->buf_iova == reinterpret_cast<std::uintptr_t>(packet->buf_addr));
    dpdk::free(packet);
  }
  CHECK(allocated_bytes() == before);
}

TEST_CASE("a pool without memory for it is an error that says how much it takes, and leaves nothing behind") {
  tests::eal();
  const std::size_t before = allocated_bytes();
  const auto pool = dpdk::Pool::create({.packets = 1'000'000});
  REQUIRE_FALSE(pool);
  CHECK(pool.error().message.find("1000000 packets, which takes 2") != std::string::npos);
  CHECK(allocated_bytes() == before);
}
