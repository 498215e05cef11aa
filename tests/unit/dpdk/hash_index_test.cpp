// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/hash_index.hpp"

#include <rte_malloc.h>

#include <catch2/catch.hpp>
#include <random>
#include <unordered_map>
#include <vector>

#include "conn/index.hpp"
#include "net/tuple.hpp"
#include "support/eal.hpp"

namespace {

using namespace fairway;

using Index4 = dpdk::HashIndex<net::Tuple4, conn::Reference>;
using Index6 = dpdk::HashIndex<net::Tuple6, conn::Reference>;
static_assert(conn::Index<Index4> && conn::Index<Index6>);

net::Tuple4 tuple(std::uint32_t number) {
  net::Tuple4 key;
  key.source = net::Ipv4Address(number);
  key.destination_port = net::ServicePort(80);
  return key;
}

// Bad on purpose: sixteen neighbours share a hash, so that buckets overflow and keys must be compared.
std::uint32_t hash_of(std::uint32_t number) { return number / 16 * 2'654'435'761u; }

Index4 make_index(std::uint32_t keys) {
  tests::eal();
  auto index = Index4::create(keys, -1);
  REQUIRE(index);
  return std::move(*index);
}

std::size_t allocated_bytes() {
  std::size_t bytes = 0;
  for (int socket = 0; socket < RTE_MAX_NUMA_NODES; ++socket) {
    rte_malloc_socket_stats statistics{};
    if (rte_malloc_get_socket_stats(socket, &statistics) == 0) bytes += statistics.heap_allocsz_bytes;
  }
  return bytes;
}

class Model {
 public:
  explicit Model(std::uint32_t keys) : index_(make_index(keys)) {}

  void change(std::uint32_t number, std::uint32_t slot) {
    const auto found = index_.find(tuple(number), hash_of(number));
    const auto known = truth_.find(number);
    REQUIRE(found.has_value() == (known != truth_.end()));
    if (found) {
      REQUIRE(found->packed == known->second.packed);
      REQUIRE(index_.erase(tuple(number), hash_of(number)));
      REQUIRE_FALSE(index_.erase(tuple(number), hash_of(number)));
      truth_.erase(known);
    } else {
      const auto reference = conn::Reference::to(slot, slot % 3 == 0);
      REQUIRE(index_.insert(tuple(number), hash_of(number), reference));
      truth_.emplace(number, reference);
    }
    REQUIRE(index_.size() == truth_.size());
  }

  void look_up(const std::vector<std::uint32_t>& numbers) {
    std::vector<net::Tuple4> keys;
    std::vector<const net::Tuple4*> pointers;
    std::vector<std::uint32_t> hashes;
    constexpr conn::Reference untouched{0xdeadbeef};
    std::vector<conn::Reference> found(numbers.size(), untouched);
    for (const auto number : numbers) {
      keys.push_back(tuple(number));
      hashes.push_back(hash_of(number));
    }
    for (const auto& key : keys) pointers.push_back(&key);
    const auto count = static_cast<std::uint32_t>(numbers.size());
    const std::uint64_t hits = index_.find_burst(pointers.data(), hashes.data(), count, found.data());
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto known = truth_.find(numbers[i]);
      if (known != truth_.end()) expected |= std::uint64_t{1} << i;
      REQUIRE(found[i].packed == (known != truth_.end() ? known->second.packed : untouched.packed));
    }
    REQUIRE(hits == expected);
    hits_ += static_cast<std::size_t>(std::popcount(hits));
  }

  std::size_t hits() const { return hits_; }

 private:
  Index4 index_;
  std::unordered_map<std::uint32_t, conn::Reference> truth_;
  std::size_t hits_ = 0;
};

}  // namespace

TEST_CASE("an index does what an unordered_map does") {
  std::mt19937 random(1);
  Model model(4000);
  constexpr std::uint32_t numbers = 6000;
  std::size_t looked_up = 0;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    model.change(random() % numbers, static_cast<std::uint32_t>(random()) >> 1);
    if (i % 10 != 0) continue;
    std::vector<std::uint32_t> burst(random() % (conn::largest_burst + 1));
    for (auto& number : burst) number = random() % numbers;
    model.look_up(burst);
    looked_up += burst.size();
  }
  CHECK(model.hits() > looked_up / 4);
  CHECK(model.hits() < looked_up * 3 / 4);
}

TEST_CASE("an index can be filled to the last key, and then says that it is full") {
  const std::uint32_t keys = GENERATE(8u, 100u, 4095u, 4096u);
  auto index = make_index(keys);
  for (std::uint32_t i = 0; i < keys; ++i) REQUIRE(index.insert(tuple(i), hash_of(i), conn::Reference::to(i, false)));
  CHECK(index.size() == keys);
  CHECK_FALSE(index.insert(tuple(keys), hash_of(keys), {}));
  CHECK(index.size() == keys);
  for (std::uint32_t i = 0; i < keys; ++i) REQUIRE(index.find(tuple(i), hash_of(i))->slot() == i);
  CHECK_FALSE(index.find(tuple(keys), hash_of(keys)));
  REQUIRE(index.erase(tuple(3), hash_of(3)));
  CHECK(index.insert(tuple(keys), hash_of(keys), {}));
}

TEST_CASE("an IPv6 index compares all bytes of its keys") {
  tests::eal();
  auto index = Index6::create(100, -1);
  REQUIRE(index);
  net::Tuple6 key, other;
  other.protocol = net::Protocol::udp;
  REQUIRE(index->insert(key, 7, conn::Reference::to(1, false)));
  REQUIRE(index->insert(other, 7, conn::Reference::to(2, true)));
  CHECK(index->find(key, 7)->slot() == 1);
  CHECK(index->find(other, 7)->is_reply());
}

TEST_CASE("the estimate of an index's memory is what it takes") {
  const std::uint32_t keys = GENERATE(1000u, 65'535u, 65'536u, 1'000'000u);
  tests::eal();
  const std::size_t before = allocated_bytes();
  const auto index = make_index(keys);
  const double taken = static_cast<double>(allocated_bytes() - before);
  CHECK(taken <= static_cast<double>(Index4::bytes_for(keys)));
  CHECK(taken >= 0.9 * static_cast<double>(Index4::bytes_for(keys)));
}

TEST_CASE("an index without memory for it is an error that says how much it takes") {
  tests::eal();
  const auto index = Index4::create(100'000'000, -1);
  REQUIRE_FALSE(index);
  CHECK(index.error().message.find("100000000 keys") != std::string::npos);
  CHECK(index.error().message.find(std::to_string(Index4::bytes_for(100'000'000) >> 20) + " MB") != std::string::npos);
}
