// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/collisions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>
#include <vector>

#include "conn/entry.hpp"
#include "conn/hash.hpp"
#include "conn/index.hpp"
#include "dpdk/clock.hpp"
#include "dpdk/crc_index.hpp"
#include "dpdk/memory.hpp"
#include "fairway-bench/colliding_tuples.hpp"
#include "fairway-bench/flows.hpp"

namespace fairway::bench {
namespace {

using Tuples = std::vector<net::Tuple4>;

constexpr std::uint32_t burst = 32;
constexpr std::uint32_t room = 3;  // keys that an index has room for, by those in it

Tuples random_tuples(std::size_t count, std::mt19937_64& random) {
  Tuples tuples(count);
  for (net::Tuple4& tuple : tuples)
    tuple = {.source = net::Ipv4Address(static_cast<std::uint32_t>(random())),
             .destination = virtual_address(0),
             .source_port = net::ServicePort(static_cast<std::uint16_t>(random())),
             .destination_port = service_port,
             .protocol = net::Protocol::tcp};
  return tuples;
}

/// The director's index, as its table uses it.
class Keyed {
 public:
  static base::Result<Keyed> create(std::uint32_t keys, std::mt19937_64& random) {
    auto buckets = dpdk::Array<conn::Index::Bucket>::create(conn::Index::buckets_for(keys), -1);
    if (!buckets) return buckets.error();
    auto entries = dpdk::Array<conn::Hot>::create(keys, -1);
    if (!entries) return entries.error();
    return Keyed(std::move(*buckets), std::move(*entries), conn::HashKey{{random(), random(), random(), random()}});
  }
  static std::size_t bytes_for(std::uint32_t keys) {
    return conn::Index::buckets_for(keys) * sizeof(conn::Index::Bucket) + keys * sizeof(conn::Hot);
  }

  bool add(const net::Tuple4& tuple) {
    conn::Hot& entry = entries_[next_];
    entry.v4 = {.server = {}, .client = tuple.source, .virtual_address = tuple.destination};
    entry.client_port = tuple.source_port;
    entry.virtual_port = tuple.destination_port;
    entry.protocol = tuple.protocol;
    return index_.insert(hash_(tuple), conn::Reference::to(next_++, false));
  }
  void look_up(const net::Tuple4* tuples) {
    std::array<std::uint64_t, burst> hashes;
    std::array<conn::Reference, burst> found;
    for (std::uint32_t i = 0; i < burst; ++i) hashes[i] = hash_(tuples[i]);
    index_.find_burst(
        hashes.data(), burst, found.data(), [&](conn::Reference its) { __builtin_prefetch(&entries_[its.slot()]); },
        [&](std::uint32_t i, conn::Reference its) { return entries_[its.slot()].is_of(tuples[i], false); });
  }

 private:
  Keyed(dpdk::Array<conn::Index::Bucket> buckets, dpdk::Array<conn::Hot> entries, const conn::HashKey& key)
      : buckets_(std::move(buckets)),
        entries_(std::move(entries)),
        index_({buckets_.data(), buckets_.size()}),
        hash_(key) {}

  dpdk::Array<conn::Index::Bucket> buckets_;
  dpdk::Array<conn::Hot> entries_;
  conn::Index index_;
  conn::Hash hash_;
  std::uint32_t next_ = 0;
};

class Crc {
 public:
  static base::Result<Crc> create(std::uint32_t keys, std::mt19937_64&) {
    auto index = Index::create(keys, -1);
    if (!index) return index.error();
    return Crc(std::move(*index));
  }
  static std::size_t bytes_for(std::uint32_t keys) { return Index::bytes_for(keys); }

  bool add(const net::Tuple4& tuple) { return index_.insert(tuple, this); }
  void look_up(const net::Tuple4* tuples) {
    std::array<const net::Tuple4*, burst> keys;
    std::array<void*, burst> found;
    for (std::uint32_t i = 0; i < burst; ++i) keys[i] = tuples + i;
    index_.find_burst(keys.data(), burst, found.data());
  }

 private:
  using Index = dpdk::CrcIndex<net::Tuple4>;
  explicit Crc(Index index) : index_(std::move(index)) {}

  Index index_;
};

double nanoseconds(std::uint64_t ticks, std::size_t keys) {
  return static_cast<double>(ticks) / static_cast<double>(dpdk::tsc_hz()) * 1e9 / static_cast<double>(keys);
}

/// One index filled with the tuples, then asked for them in another order.
template <class Index>
base::Result<IndexCost> cost_of(Tuples tuples, std::mt19937_64& random) {
  auto index = Index::create(room * static_cast<std::uint32_t>(tuples.size()), random);
  if (!index) return index.error();
  std::uint64_t start = dpdk::tsc();
  for (const net::Tuple4& tuple : tuples)
    if (!index->add(tuple)) return base::Error{"an index is full"};
  IndexCost cost{.add = nanoseconds(dpdk::tsc() - start, tuples.size())};
  std::shuffle(tuples.begin(), tuples.end(), random);
  start = dpdk::tsc();
  for (std::size_t i = 0; i < tuples.size(); i += burst) index->look_up(&tuples[i]);
  cost.lookup = nanoseconds(dpdk::tsc() - start, tuples.size());
  return cost;
}

/// Rounds of both kinds in turn, so that both meet the same machine.
template <class Index>
base::Result<void> compare(const Tuples& chosen, std::uint32_t rounds, IndexCost& of_chosen, IndexCost& of_random) {
  std::mt19937_64 random(1);
  const auto keep_best = [&](const Tuples& tuples, IndexCost& best) -> base::Result<void> {
    const auto cost = cost_of<Index>(tuples, random);
    if (!cost) return cost.error();
    best = {.lookup = std::min(best.lookup, cost->lookup), .add = std::min(best.add, cost->add)};
    return {};
  };
  of_chosen = of_random = {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  for (std::uint32_t round = 0; round < rounds; ++round) {
    fmt::print(stderr, "\rround {} of {} ", round + 1, rounds);
    if (auto done = keep_best(random_tuples(chosen.size(), random), of_random); !done) return done;
    if (auto done = keep_best(chosen, of_chosen); !done) return done;
  }
  fmt::print(stderr, "\n");
  return {};
}

}  // namespace

std::size_t memory_for_collisions() { return Keyed::bytes_for(room * colliding_tuple_count); }

base::Result<Collisions> measure_collisions(std::uint32_t rounds) {
  const Tuples chosen = colliding_tuples(virtual_address(0), service_port);
  Collisions result;
  if (auto done = compare<Keyed>(chosen, rounds, result.chosen, result.random); !done) return done.error();
  // Each of these walks through a chain of all buckets: fewer show it.
  const Tuples fewer(chosen.begin(), chosen.begin() + crc_tuple_count);
  if (auto done = compare<Crc>(fewer, 1, result.crc_chosen, result.crc_random); !done) return done.error();
  return result;
}

}  // namespace fairway::bench
