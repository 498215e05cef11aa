// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "base/random.hpp"

#include <catch2/catch.hpp>
#include <vector>

using fairway::base::Random;

TEST_CASE("SplitMix64 gives the numbers of its reference") {
  Random random(1234567);
  CHECK(random.next() == 6457827717110365317u);
  CHECK(random.next() == 3203168211198807973u);
  CHECK(random.next() == 9817491932198370423u);
  CHECK(random.next() == 4593380528125082431u);
  CHECK(random.next() == 16408922859458223821u);
}

TEST_CASE("numbers below a bound stay below it and come equally often") {
  Random random(1);
  CHECK(random.below(1) == 0);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts.at(random.below(7));
  for (const int count : counts) CHECK(count == Approx(10'000).epsilon(0.04));
  bool beyond_32_bits = false;
  for (int i = 0; i < 100; ++i) beyond_32_bits |= random.below(~std::uint64_t{0}) >> 32 != 0;
  CHECK(beyond_32_bits);
}
