// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/statistics.hpp"

#include <catch2/catch.hpp>

namespace fairway::control {
namespace {

/// Counts at a steady pace for a while.
Rates after(Estimator& estimator, Statistics& counted, const Statistics& per_tick, int ticks) {
  for (int i = 0; i < ticks; ++i) estimator.tick(counted += per_tick);
  return estimator.rates();
}

constexpr Statistics steady{
    .connections = 20, .in_packets = 200, .in_bytes = 2000, .out_packets = 100, .out_bytes = 80};

TEST_CASE("a rate goes a quarter of the way to what was counted in two seconds") {
  Estimator estimator;
  Statistics counted;
  // 10 a second from rest: 2.5, 4.375, 5.78125, shown rounded.
  CHECK(after(estimator, counted, steady, 1) == Rates{2, 25, 250, 12, 10});
  CHECK(after(estimator, counted, steady, 1) == Rates{4, 44, 437, 22, 17});
  CHECK(after(estimator, counted, steady, 1) == Rates{6, 58, 578, 29, 23});
}

TEST_CASE("a steady pace is reached to within the kernel's rounding, and rest too") {
  Estimator estimator;
  Statistics counted;
  CHECK(after(estimator, counted, steady, 60) == Rates{10, 100, 1000, 50, 40});
  CHECK(after(estimator, counted, {}, 60) == Rates{});
}

TEST_CASE("what was counted before an estimator begins makes no rate") {
  Estimator estimator;
  Statistics counted = steady;
  estimator.go_on_from(counted);
  CHECK(after(estimator, counted, {}, 1) == Rates{});
}

TEST_CASE("a zero point takes away what was counted and the rates, not the counting") {
  Meter meter;
  Statistics counted = steady;
  meter.estimator().tick(counted);
  meter.set_to_zero(counted);
  CHECK(meter.since_zero(counted) == Statistics{});
  CHECK(meter.rates() == Rates{});
  counted += steady;
  CHECK(meter.since_zero(counted) == steady);
  meter.estimator().tick(counted);
  CHECK(meter.rates().in_packets == 25);
}

}  // namespace
}  // namespace fairway::control
