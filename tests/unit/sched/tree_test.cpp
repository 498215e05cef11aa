// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/tree.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <random>
#include <vector>

using namespace fairway::sched;

namespace {

using Values = std::vector<std::uint64_t>;

/// Random numbers of which many are alike, some as large as can be.
Values random_values(std::uint32_t size, std::mt19937_64& random) {
  Values values(size);
  for (auto& value : values) value = random() % 4 == 0 ? Least::nothing : random() % 20;
  return values;
}

template <class Tree>
void fill(Tree& tree, const Values& values) {
  for (std::uint32_t place = 0; place < values.size(); ++place) tree.assign(place, values[place]);
  tree.seal();
}

std::uint32_t next_of(const Values& values, std::uint32_t place, std::uint64_t most) {
  for (; place < values.size(); ++place)
    if (values[place] <= most) return place;
  return nowhere;
}

}  // namespace

TEST_CASE("a tree of least numbers finds the first of the least, and the next that is small enough") {
  const auto size = GENERATE(1u, 7u, 8u, 9u, 17u, 63u, 64u, 65u, 511u, 513u, 4096u, 4100u);
  CAPTURE(size);
  std::mt19937_64 random(size);
  Values values = random_values(size, random);
  LeastTree tree(size);
  CHECK(tree.root() == Least::nothing);
  CHECK(tree.next(0, 100) == nowhere);
  fill(tree, values);
  for (int i = 0; i < 2000; ++i) {
    const auto place = static_cast<std::uint32_t>(random() % size);
    const std::uint64_t value = random() % 8 == 0 ? Least::nothing : random() % 20;
    values[place] = value;
    tree.set(place, value);
    const auto least = std::min_element(values.begin(), values.end());
    REQUIRE(tree.root() == *least);
    if (*least != Least::nothing) REQUIRE(tree.first() == static_cast<std::uint32_t>(least - values.begin()));
    const auto from = static_cast<std::uint32_t>(random() % (size + 2));
    const std::uint64_t most = random() % 20;
    REQUIRE(tree.next(from, most) == next_of(values, from, most));
  }
}

TEST_CASE("a tree of sums finds the sum before a place, and the place of a sum") {
  const auto size = GENERATE(1u, 7u, 8u, 9u, 17u, 64u, 65u, 512u, 513u, 4096u, 4100u);
  CAPTURE(size);
  std::mt19937_64 random(size);
  Values values(size);
  SumTree tree(size);
  for (int i = 0; i < 2000; ++i) {
    const auto place = static_cast<std::uint32_t>(random() % size);
    values[place] = random() % 3 == 0 ? 0 : random() % 0x7fffffff;
    tree.set(place, values[place]);
    const auto until = static_cast<std::uint32_t>(random() % (size + 1));
    REQUIRE(tree.before(until) == std::accumulate(values.begin(), values.begin() + until, std::uint64_t{0}));
    REQUIRE(tree.root() == tree.before(size));
    if (tree.root() == 0) continue;
    const std::uint64_t sum = random() % tree.root();
    const std::uint32_t found = tree.find(sum);
    REQUIRE(tree.before(found) <= sum);
    REQUIRE(sum < tree.before(found) + values[found]);
  }
}
