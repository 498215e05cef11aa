// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
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
#include "fairway-bench/modes.hpp"

namespace fairway::bench {
namespace {

/// Nanoseconds per key, best of some rounds.
struct IndexCost {
  double lookup = std::numeric_limits<double>::infinity();  // in bursts of 32
  double add = std::numeric_limits<double>::infinity();
};

constexpr std::uint32_t crc_tuple_count = 8'192;

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
  std::uint64_t look_up(const net::Tuple4* tuples) {
    std::array<std::uint64_t, burst> hashes;
    for (std::uint32_t i = 0; i < burst; ++i) {
      hashes[i] = hash_(tuples[i]);
      index_.prefetch(hashes[i]);
    }
    std::uint64_t hits = 0;
    index_.find_burst(
        (std::uint64_t{1} << burst) - 1, hashes.data(),
        [&](conn::Reference its) __attribute__((always_inline)) { __builtin_prefetch(&entries_[its.slot()]); },
        [&](std::uint32_t i, conn::Reference its) { return entries_[its.slot()].is_of(tuples[i], false); },
        [&](std::uint32_t i, conn::Reference) { hits |= std::uint64_t{1} << i; });
    return hits;
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
  std::uint64_t look_up(const net::Tuple4* tuples) {
    std::array<const net::Tuple4*, burst> keys;
    std::array<void*, burst> found;
    for (std::uint32_t i = 0; i < burst; ++i) keys[i] = tuples + i;
    return index_.find_burst(keys.data(), burst, found.data());
  }

 private:
  using Index = dpdk::CrcIndex<net::Tuple4>;
  explicit Crc(Index index) : index_(std::move(index)) {}

  Index index_;
};

/// One index filled with the tuples, then asked for them in another order.
template <class Index>
base::Result<IndexCost> cost_of(Tuples tuples, std::mt19937_64& random) {
  auto index = Index::create(room * static_cast<std::uint32_t>(tuples.size()), random);
  if (!index) return index.error();
  std::uint64_t start = dpdk::tsc();
  for (const net::Tuple4& tuple : tuples)
    if (!index->add(tuple)) return base::Error{"an index is full"};
  IndexCost cost{.lookup = 0, .add = nanoseconds_each(dpdk::tsc() - start, tuples.size())};
  std::shuffle(tuples.begin(), tuples.end(), random);
  start = dpdk::tsc();
  std::uint64_t found = ~std::uint64_t{0} >> (64 - burst);
  for (std::size_t i = 0; i < tuples.size(); i += burst) found &= index->look_up(&tuples[i]);
  cost.lookup = nanoseconds_each(dpdk::tsc() - start, tuples.size());
  if (static_cast<std::uint32_t>(std::popcount(found)) != burst) return base::Error{"an index has lost a key"};
  return cost;
}

/// Two kinds of tuples in turn, so that both meet the same machine.
template <class Index>
base::Result<void> compare(const Tuples& chosen, std::uint32_t rounds, Progress& progress, IndexCost& of_chosen,
                           IndexCost& of_random) {
  std::mt19937_64 random(1);
  const auto keep_best = [&](const Tuples& tuples, IndexCost& best) -> base::Result<void> {
    const auto cost = cost_of<Index>(tuples, random);
    if (!cost) return cost.error();
    best = {.lookup = std::min(best.lookup, cost->lookup), .add = std::min(best.add, cost->add)};
    return {};
  };
  for (std::uint32_t round = 0; round < rounds; ++round) {
    progress.show("rounds", round, rounds);
    if (auto done = keep_best(random_tuples(chosen.size(), random), of_random); !done) return done;
    if (auto done = keep_best(chosen, of_chosen); !done) return done;
  }
  return {};
}

void add_row(Report& report, const char* hash, const char* kind, std::uint32_t tuples, const IndexCost& cost) {
  report.add_row() = {
      {"hash", hash}, {"kind", kind}, {"tuples", tuples}, {"lookup_ns", cost.lookup}, {"add_ns", cost.add}};
}

}  // namespace

std::size_t memory_for_collisions() { return Keyed::bytes_for(room * colliding_tuple_count); }

base::Result<Report> measure_collisions(const Options& options) {
  const Tuples chosen = colliding_tuples(virtual_address(0), service_port);
  // Each of these walks through a chain of all buckets: fewer show it.
  const Tuples fewer(chosen.begin(), chosen.begin() + crc_tuple_count);
  IndexCost colliding, random, crc_colliding, crc_random;
  Progress progress(options.progress);
  if (auto done = compare<Keyed>(chosen, options.rounds, progress, colliding, random); !done) return done.error();
  if (auto done = compare<Crc>(fewer, 1, progress, crc_colliding, crc_random); !done) return done.error();
  const double lookup_ratio = colliding.lookup / random.lookup, add_ratio = colliding.add / random.add;
  Report report;
  report.facts = {{"mode", options.mode}, {"rounds", options.rounds}};
  report.facts["ratio"] = rounded(lookup_ratio, 3);
  report.facts["add_ratio"] = rounded(add_ratio, 3);
  report.title = "what tuples that all have the same CRC32C cost an index";
  report.columns = {
      {"hash", "hash"}, {"kind", "tuples"}, {"tuples", "number"}, {"lookup_ns", "ns/lookup"}, {"add_ns", "ns/add"}};
  add_row(report, "CRC32C", "random", crc_tuple_count, crc_random);
  add_row(report, "CRC32C", "colliding", crc_tuple_count, crc_colliding);
  add_row(report, "keyed", "random", colliding_tuple_count, random);
  add_row(report, "keyed", "colliding", colliding_tuple_count, colliding);
  report.notes.push_back(fmt::format("colliding / random, keyed: lookup {:.2f}, add {:.2f}", lookup_ratio, add_ratio));
  return report;
}

}  // namespace fairway::bench
