// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/hash.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <set>

#include "fairway-bench/colliding_tuples.hpp"

using namespace fairway;
using namespace fairway::conn;

namespace {

HashKey random_key(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  return {{random(), random(), random(), random()}};
}

std::vector<net::Tuple4> random_tuples(std::size_t count) {
  std::mt19937_64 random(77);
  std::vector<net::Tuple4> tuples(count);
  for (net::Tuple4& tuple : tuples) {
    tuple.source = net::Ipv4Address(static_cast<std::uint32_t>(random()));
    tuple.destination = net::Ipv4Address(0xc0000201u);
    tuple.source_port = net::ServicePort(static_cast<std::uint16_t>(random()));
    tuple.destination_port = net::ServicePort(80);
    tuple.protocol = net::Protocol::tcp;
  }
  return tuples;
}

using Part = std::function<std::uint32_t(std::uint64_t)>;

/// Pairs of tuples of which this part of the hash is the same.
template <class Tuple>
double collisions(const Hash& hash, const std::vector<Tuple>& tuples, const Part& part) {
  std::vector<std::uint32_t> parts;
  for (const Tuple& tuple : tuples) parts.push_back(part(hash(tuple)));
  std::sort(parts.begin(), parts.end());
  double pairs = 0, run = 0;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    run = parts[i] == parts[i - 1] ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

// The index takes the bucket from the low half, multiplied, and the tag from the highest bits.
const std::vector<Part> parts{
    [](std::uint64_t h) { return static_cast<std::uint32_t>(h & 0x1fff); },
    [](std::uint64_t h) { return static_cast<std::uint32_t>(h & 0xffff); },
    [](std::uint64_t h) { return static_cast<std::uint32_t>((h & 0xffffffffu) >> 16); },
    [](std::uint64_t h) { return static_cast<std::uint32_t>((h & 0xffffffffu) * 10007 >> 32); },
    [](std::uint64_t h) { return static_cast<std::uint32_t>(h >> 49); },
    [](std::uint64_t h) { return static_cast<std::uint32_t>(h >> 32 & 0xffff); }};

}  // namespace

TEST_CASE("the tuples that are made to collide do, under every seed of CRC32C") {
  CHECK(bench::crc32c("123456789", 9, 0xffffffffu) == ~0xe3069283u);  // the check value of CRC32C
  const auto tuples = bench::colliding_tuples(net::Ipv4Address(0xc0000201u), net::ServicePort(80));
  REQUIRE(tuples.size() == 65536);
  for (const std::uint32_t seed : {0u, 0xffffffffu, 0x12345678u}) {
    const std::uint32_t first = bench::crc32c(&tuples[0], sizeof tuples[0], seed);
    for (const net::Tuple4& tuple : tuples) REQUIRE(bench::crc32c(&tuple, sizeof tuple, seed) == first);
  }
  std::set<std::pair<std::uint32_t, std::uint16_t>> clients;
  for (const net::Tuple4& tuple : tuples) clients.emplace(tuple.source.host(), tuple.source_port.host());
  CHECK(clients.size() == 65536);
}

TEST_CASE("65,536 tuples that collide under CRC32C collide at most 1.5 times as often as random ones") {
  const auto chosen = bench::colliding_tuples(net::Ipv4Address(0xc0000201u), net::ServicePort(80));
  const auto by_chance = random_tuples(chosen.size());
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Hash hash(random_key(seed));
    for (const Part& part : parts) {
      const double theirs = collisions(hash, chosen, part), random = collisions(hash, by_chance, part);
      CAPTURE(seed, theirs, random);
      CHECK(theirs <= 1.5 * random);
    }
    CHECK(collisions(hash, chosen, [](std::uint32_t h) { return h; }) <= 8);
  }
}

TEST_CASE("one client's ports, one network's clients and one port's clients spread as random tuples do") {
  const int kind = GENERATE(0, 1, 2);
  std::vector<net::Tuple4> tuples = random_tuples(65536);
  for (std::uint32_t i = 0; i < tuples.size(); ++i) {
    tuples[i].source = net::Ipv4Address(kind == 0 ? 0xc6336407u : kind == 1 ? 0xc6330000u + i : i << 16 | 7u);
    tuples[i].source_port = net::ServicePort(kind == 0 ? static_cast<std::uint16_t>(i) : std::uint16_t{40000});
  }
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    for (const Part& part : parts) {
      const Hash hash(random_key(seed));
      CAPTURE(kind, seed);
      CHECK(collisions(hash, tuples, part) <= 1.1 * collisions(hash, random_tuples(65536), part));
    }
}

TEST_CASE("IPv6 tuples that differ in any two bytes spread as random ones do") {
  const std::size_t high = GENERATE(0u, 7u, 8u, 14u, 32u), low = GENERATE(3u, 15u, 16u, 31u, 33u, 35u);
  std::vector<net::Tuple6> tuples(65536);
  for (std::uint32_t i = 0; i < tuples.size(); ++i) {
    auto* bytes = reinterpret_cast<std::uint8_t*>(&tuples[i]);
    bytes[low] = static_cast<std::uint8_t>(i);
    bytes[high] = static_cast<std::uint8_t>(i >> 8);
  }
  const Hash hash(random_key(3));
  for (const Part& part : parts)
    CHECK(collisions(hash, tuples, part) <= 1.2 * collisions(hash, random_tuples(65536), part));
}

TEST_CASE("which tuples collide depends on the key") {
  const auto tuples = random_tuples(4096);
  const Hash one(random_key(1)), other(random_key(2));
  const auto part = [](std::uint32_t h) { return h & 0x3ff; };
  std::size_t both = 0, in_one = 0;
  for (std::size_t i = 1; i < tuples.size(); ++i) {
    const bool collides = part(one(tuples[i])) == part(one(tuples[0]));
    in_one += collides;
    both += collides && part(other(tuples[i])) == part(other(tuples[0]));
  }
  CHECK(in_one > 0);
  CHECK(both < in_one);
}

TEST_CASE("every bit of a tuple changes about half of the hash") {
  const Hash hash(random_key(4));
  net::Tuple4 tuple = random_tuples(1)[0];
  for (std::size_t bit = 0; bit < 13 * 8; ++bit) {
    double flipped = 0;
    for (const net::Tuple4& base : random_tuples(200)) {
      tuple = base;
      reinterpret_cast<std::uint8_t*>(&tuple)[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      flipped += std::popcount(hash(tuple) ^ hash(base));
    }
    CAPTURE(bit);
    CHECK(flipped / 200 > 24);
    CHECK(flipped / 200 < 40);
  }
}
