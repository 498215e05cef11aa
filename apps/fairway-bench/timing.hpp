// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "dpdk/clock.hpp"

namespace fairway::bench {

/// Nanoseconds per packet over some rounds.
class Timing {
 public:
  void add(double nanoseconds) {
    best_ = std::min(best_, nanoseconds);
    sum_ += nanoseconds;
    ++rounds_;
  }
  double best() const { return best_; }
  double mean() const { return rounds_ ? sum_ / rounds_ : 0; }

 private:
  double best_ = std::numeric_limits<double>::infinity();
  double sum_ = 0;
  unsigned rounds_ = 0;
};

inline double nanoseconds_each(std::uint64_t ticks, std::size_t things) {
  return static_cast<double>(ticks) / static_cast<double>(dpdk::tsc_hz()) * 1e9 / static_cast<double>(things);
}

/// What one writes pushes the others' lines out of the cache, so rounds go in blocks, and the first one after a change is
/// not timed.
constexpr std::uint32_t rounds_of_a_block = 8;

}  // namespace fairway::bench
