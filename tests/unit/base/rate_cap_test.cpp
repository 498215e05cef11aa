// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "base/rate_cap.hpp"

#include <catch2/catch.hpp>

namespace fairway::base {
namespace {

std::uint32_t taken_in(RateCap& cap, std::uint32_t& millisecond, std::uint32_t milliseconds) {
  std::uint32_t taken = 0;
  for (const std::uint32_t end = millisecond + milliseconds; millisecond != end; ++millisecond)
    while (cap.take({millisecond})) ++taken;
  return taken;
}

TEST_CASE("a rate cap lets its rate through, and a tenth of a second's more at first") {
  const std::uint32_t rate = GENERATE(10u, 300u, 1'000u, 5'000u, 100'000u);
  RateCap cap(rate);
  std::uint32_t millisecond = GENERATE(0u, 1'000'000u, 0xffffff00u);  // stamps wrap
  const std::uint32_t at_first = taken_in(cap, millisecond, 1);
  CHECK(at_first == rate / 10);
  CHECK(taken_in(cap, millisecond, 10'000) == 10 * rate);
}

TEST_CASE("what a rate cap did not use is not kept beyond a tenth of a second") {
  RateCap cap(1'000);
  std::uint32_t millisecond = 0;
  taken_in(cap, millisecond, 1);
  millisecond += 60'000;
  CHECK(taken_in(cap, millisecond, 1) == 100);
}

TEST_CASE("the least rate cap still lets a packet through each second") {
  RateCap cap(1);
  std::uint32_t millisecond = 0;
  CHECK(taken_in(cap, millisecond, 1) == 1);
  CHECK(taken_in(cap, millisecond, 10'000) == 10);
}

}  // namespace
}  // namespace fairway::base
