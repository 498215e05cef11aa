// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/clock.hpp"

#include <catch2/catch.hpp>
#include <chrono>

#include "support/eal.hpp"

TEST_CASE("ticks become milliseconds, and stamps wrap with them") {
  using namespace fairway;
  tests::eal();
  const dpdk::Clock clock;
  const std::uint64_t hz = dpdk::tsc_hz();
  CHECK(clock.milliseconds(hz * 10) == 10'000);
  const std::uint64_t wrap = std::uint64_t{1} << 32;
  CHECK(clock.stamp(hz / 1000 * (wrap + 5)).milliseconds == 5);
}

TEST_CASE("spans become nanoseconds") {
  using namespace fairway;
  tests::eal();
  const dpdk::Clock clock;
  const std::uint64_t hz = dpdk::tsc_hz();
  CHECK(clock.nanoseconds(0) == 0);
  CHECK(clock.nanoseconds(hz) > 999'999'000);
  CHECK(clock.nanoseconds(hz) <= 1'000'000'000);
  CHECK(clock.nanoseconds(hz * 3600) > 3'599'990'000'000);
}

TEST_CASE("the clock keeps time with the system's") {
  using namespace fairway;
  tests::eal();
  const dpdk::Clock clock;
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t first = dpdk::tsc();
  while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(50)) {}
  const auto milliseconds = clock.milliseconds(dpdk::tsc() - first);
  CHECK(milliseconds >= 49);
  const auto elapsed = std::chrono::steady_clock::now() - start;
  CHECK(milliseconds <= static_cast<std::uint64_t>(elapsed / std::chrono::milliseconds(1)) + 1);
}
