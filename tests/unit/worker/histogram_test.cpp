// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/histogram.hpp"

#include <catch2/catch.hpp>
#include <memory>

using fairway::worker::Histogram;

TEST_CASE("every span has one bucket, whose ends differ by a quarter at most") {
  for (std::size_t bucket = 0; bucket + 1 < Histogram::bucket_count; ++bucket) {
    const std::uint64_t begin = Histogram::begin_of(bucket), end = Histogram::begin_of(bucket + 1);
    REQUIRE(begin < end);
    CHECK(Histogram::bucket_of(begin) == bucket);
    CHECK(Histogram::bucket_of(end - 1) == bucket);
    if (bucket >= 4) CHECK(end - begin <= begin / 4);
  }
  CHECK(Histogram::begin_of(Histogram::bucket_count - 1) > 30'000'000'000);
  CHECK(Histogram::bucket_of(~std::uint64_t{0}) == Histogram::bucket_count - 1);
}

TEST_CASE("a histogram tells how long most took, and the longest exactly") {
  Histogram histogram;
  CHECK(histogram.read().quantile(500) == 0);
  CHECK(histogram.read().longest == 0);
  for (std::uint64_t span = 1; span <= 1000; ++span) histogram.add(span);
  const auto counts = histogram.read();
  CHECK(counts.total() == 1000);
  CHECK(counts.longest == 1000);
  for (const unsigned per_mille : {1u, 10u, 250u, 500u, 990u, 999u, 1000u}) {
    CHECK(counts.quantile(per_mille) >= per_mille);
    CHECK(counts.quantile(per_mille) <= per_mille + per_mille / 4);
  }
  CHECK(counts.quantile(1000) == 1000);
}

TEST_CASE("a burst is counted at once with as many packets as it has") {
  Histogram histogram;
  histogram.add(100, 32);
  histogram.add(5000, 1);
  const auto counts = histogram.read();
  CHECK(counts.total() == 33);
  CHECK(counts.quantile(500) < 125);
  CHECK(counts.quantile(999) == 5000);
}
