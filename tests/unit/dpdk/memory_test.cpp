// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/memory.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>

#include "support/eal.hpp"

namespace {

using namespace fairway;

struct alignas(64) Line {
  std::uint64_t number = 7;
};

}  // namespace

TEST_CASE("an array is zeroed, aligned to a cache line and has the size asked for") {
  tests::eal();
  auto array = dpdk::Array<Line>::create(100'000, -1);
  REQUIRE(array);
  CHECK(array->size() == 100'000);
  CHECK(array->end() - array->begin() == 100'000);
  CHECK(reinterpret_cast<std::uintptr_t>(array->data()) % 64 == 0);
  CHECK(std::all_of(array->begin(), array->end(), [](const Line& line) { return line.number == 0; }));
  (*array)[99'999].number = 1;
  const auto moved = std::move(*array);
  CHECK(moved[99'999].number == 1);
}

TEST_CASE("an array without memory for it is an error") {
  tests::eal();
  const auto array = dpdk::Array<Line>::create(std::size_t{1} << 52, -1);
  REQUIRE_FALSE(array);
  CHECK_THAT(array.error().message, Catch::Contains(std::to_string(std::size_t{1} << 38) + " MB"));
}
