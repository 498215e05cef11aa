// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace fairway::bench {

/// Nanoseconds per key, best of some rounds.
struct IndexCost {
  double lookup = 0;  // in bursts of 32
  double add = 0;
};

constexpr std::uint32_t crc_tuple_count = 8'192;

/// What 65,536 tuples that collide under CRC32C cost an index, beside random ones.
struct Collisions {
  IndexCost chosen, random;          // the director's index, with its keyed hash
  IndexCost crc_chosen, crc_random;  // rte_hash as it comes, with CRC32C, and crc_tuple_count of the tuples

  double lookup_ratio() const { return chosen.lookup / random.lookup; }
  double add_ratio() const { return chosen.add / random.add; }
};

/// Runs on a worker's thread. Errors: no memory.
base::Result<Collisions> measure_collisions(std::uint32_t rounds);

/// Bytes of EAL's memory that it needs.
std::size_t memory_for_collisions();

}  // namespace fairway::bench
