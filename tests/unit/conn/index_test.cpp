// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/index.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <unordered_map>
#include <vector>

using namespace fairway::conn;

namespace {

/// An index whose keys are numbers: what a slot's key is stands beside it, as in the connection table.
class Numbers {
 public:
  using HashOf = std::uint64_t (*)(std::uint32_t number);

  Numbers(std::size_t buckets, HashOf hash_of) : buckets_(buckets), hash_of_(hash_of) {}

  bool insert(std::uint32_t number) {
    slots_.push_back(number);
    const auto slot = static_cast<std::uint32_t>(slots_.size() - 1);
    if (!index_.insert(hash_of_(number), Reference::to(slot, number % 3 == 0))) return false;
    truth_[number] = Reference::to(slot, number % 3 == 0);
    return true;
  }
  void erase(std::uint32_t number) {
    index_.erase(hash_of_(number), truth_.at(number));
    truth_.erase(number);
  }
  std::optional<Reference> find(std::uint32_t number) const {
    return index_.find(hash_of_(number), [&](Reference its) { return slots_[its.slot()] == number; });
  }
  bool has(std::uint32_t number) const { return truth_.contains(number); }

  /// Every number below `end` is found where it is, and nowhere else; one by one and in bursts.
  void check_all(std::uint32_t end) const {
    REQUIRE(index_.size() == truth_.size());
    for (std::uint32_t first = 0; first < end; first += largest_burst) {
      const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(largest_burst, end - first));
      std::array<std::uint64_t, largest_burst> hashes;
      std::array<Reference, largest_burst> found;
      constexpr Reference untouched{0xdeadbeef};
      found.fill(untouched);
      for (std::uint32_t i = 0; i < count; ++i) hashes[i] = hash_of_(first + i);
      // Some are not asked for.
      const std::uint64_t wanted = ((std::uint64_t{1} << count) - 1) & ~(std::uint64_t{first} * 0x9e3779b97f4a7c15u);
      const std::uint64_t missed = index_.find_burst(
          wanted, hashes.data(), [&](Reference its) { REQUIRE(its.slot() < slots_.size()); },
          [&](std::uint32_t i, Reference its) { return slots_[its.slot()] == first + i; },
          [&](std::uint32_t i, Reference its) {
            REQUIRE(found[i] == untouched);
            found[i] = its;
          });
      REQUIRE((missed & ~wanted) == 0);
      for (std::uint32_t i = 0; i < count; ++i) {
        const auto known = truth_.find(first + i);
        const bool is_there = known != truth_.end();
        if ((wanted >> i & 1) == 0) {
          REQUIRE(found[i] == untouched);
          continue;
        }
        REQUIRE((missed >> i & 1) == (is_there ? 0 : 1));
        REQUIRE(found[i] == (is_there ? known->second : untouched));
        REQUIRE(find(first + i) == (is_there ? std::optional(known->second) : std::nullopt));
      }
    }
  }
  /// Keys that are not at home.
  std::size_t spilled() const {
    std::size_t sum = 0;
    for (const Index::Bucket& bucket : buckets_) sum += bucket.spilled;
    return sum;
  }
  bool is_empty() const {
    for (const Index::Bucket& bucket : buckets_)
      for (const std::uint16_t tag : bucket.tags)
        if (tag != 0) return false;
    return index_.size() == 0 && spilled() == 0;
  }

 private:
  std::vector<Index::Bucket> buckets_;
  Index index_{buckets_};
  HashOf hash_of_;
  std::vector<std::uint32_t> slots_;
  std::unordered_map<std::uint32_t, Reference> truth_;
};

std::uint64_t mixed(std::uint32_t number) {
  std::uint64_t h = (number + 1) * 0x9e3779b97f4a7c15u;
  h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
  return h ^ h >> 32;
}
/// Groups of eight share all of their hash, so that keys must be told apart by what they refer to.
std::uint64_t shared_by_eight(std::uint32_t number) { return mixed(number / 8); }

}  // namespace

TEST_CASE("an index does what a map does, over a long random history") {
  const auto hash_of = GENERATE(mixed, shared_by_eight);
  constexpr std::uint32_t numbers = 6000;
  Numbers index(Index::buckets_for(4000), hash_of);
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint32_t number = random() % numbers;
    if (index.has(number))
      index.erase(number);
    else
      REQUIRE(index.insert(number));
    if (i % 5000 == 0) index.check_all(numbers + 100);
  }
  for (std::uint32_t number = 0; number < numbers; ++number)
    if (index.has(number)) index.erase(number);
  CHECK(index.is_empty());
}

TEST_CASE("an index takes as many keys as it is made for, whatever their number, and few of them are not at home") {
  const std::uint32_t keys = GENERATE(1u, 20u, 1000u, 65'536u, 100'000u, 1'000'003u);
  Numbers index(Index::buckets_for(keys), mixed);
  for (std::uint32_t number = 0; number < keys; ++number) REQUIRE(index.insert(number));
  CHECK(index.spilled() <= keys / 25);
  index.check_all(keys + 1000);
}

TEST_CASE("keys make way for others long after buckets are full") {
  constexpr std::uint32_t buckets = 1000, keys = buckets * Index::places * 95 / 100;
  Numbers index(buckets, mixed);
  std::uint32_t taken = 0;
  while (taken < keys && index.insert(taken)) ++taken;
  CHECK(taken > keys * 9 / 10);
  index.check_all(taken);
  for (std::uint32_t number = 0; number < taken; ++number) index.erase(number);
  CHECK(index.is_empty());
}

TEST_CASE("keys of one hash have room for twenty, then the index says that it is full and loses none") {
  Numbers index(64, [](std::uint32_t) { return std::uint64_t{0x123456789abcdef0}; });
  std::uint32_t taken = 0;
  while (index.insert(taken)) ++taken;
  CHECK(taken == 2 * Index::places);
  index.check_all(taken);
  index.erase(3);
  CHECK(index.insert(100));
  CHECK(index.find(100));
}

TEST_CASE("one bucket alone is both of a key's") {
  Numbers index(1, mixed);
  std::uint32_t taken = 0;
  while (index.insert(taken)) ++taken;
  CHECK(taken == Index::places);
  CHECK(index.spilled() == 0);
  index.check_all(taken + 10);
}

TEST_CASE("a hash of zero bits has a tag too") {
  Numbers index(8, [](std::uint32_t number) { return std::uint64_t{number}; });
  REQUIRE(index.insert(0));
  CHECK(index.find(0));
  index.erase(0);
  CHECK(index.is_empty());
}
