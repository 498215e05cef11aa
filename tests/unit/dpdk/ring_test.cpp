// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/ring.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <thread>

#include "dpdk/pool.hpp"
#include "support/eal.hpp"

namespace {

using namespace fairway;

struct Fixture {
  dpdk::Eal& eal = tests::eal();
  dpdk::Pool pool = dpdk::Pool::create({.packets = 255, .cache = 0}).value();
  std::array<dpdk::Packet*, 8> packets{};

  Fixture() { REQUIRE(pool.allocate(packets)); }
  ~Fixture() { CHECK(pool.available() == 255); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a ring takes as many packets as it has room for, and gives them back in order") {
  auto ring = dpdk::Ring::create(5, -1);
  REQUIRE(ring);
  CHECK(ring->empty());
  CHECK(ring->enqueue(packets.data(), 3) == 3);
  CHECK(ring->count() == 3);
  CHECK(ring->free_count() == 2);
  CHECK(ring->enqueue(packets.data() + 3, 5) == 2);
  CHECK(ring->enqueue(packets.data() + 5, 3) == 0);
  std::array<dpdk::Packet*, 8> received{};
  CHECK(ring->dequeue(received.data(), 2) == 2);
  CHECK(ring->dequeue(received.data() + 2, 8) == 3);
  CHECK(ring->dequeue(received.data(), 8) == 0);
  CHECK(std::equal(packets.begin(), packets.begin() + 5, received.begin()));
  dpdk::free(packets.data(), 8);
}

TEST_CASE_METHOD(Fixture, "a ring frees what is left in it") {
  {
    auto ring = dpdk::Ring::create(8, -1);
    REQUIRE(ring);
    CHECK(ring->enqueue(packets.data(), 8) == 8);
  }
  CHECK(pool.available() == 255);
}

TEST_CASE_METHOD(Fixture, "a ring carries packets from one worker to another in order") {
  constexpr unsigned rounds = 100'000;
  auto ring = dpdk::Ring::create(7, -1);
  REQUIRE(ring);
  unsigned out_of_order = 0;
  REQUIRE(eal.launch(0, [&] {
    dpdk::Packet* packet = nullptr;
    for (unsigned i = 0; i < rounds; ++i) {
      while (ring->dequeue(&packet, 1) == 0) std::this_thread::yield();
      if (packet != packets[i % 8]) ++out_of_order;
    }
  }));
  for (unsigned i = 0; i < rounds; ++i)
    while (ring->enqueue(&packets[i % 8], 1) == 0) std::this_thread::yield();
  eal.join();
  CHECK(out_of_order == 0);
  dpdk::free(packets.data(), 8);
}
