// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "service/lines.hpp"

namespace fairway::worker {

/// How long something took, counted in buckets: four to each power of two, so that a bucket's ends differ by a quarter at
/// most. One thread writes, with a plain store or two each time; others may read at any time. Nanoseconds.
class Histogram {
 public:
  static constexpr std::size_t bucket_count = 136;  // the last one begins at 30 seconds

  static constexpr std::size_t bucket_of(std::uint64_t nanoseconds) noexcept {
    if (nanoseconds < 4) return static_cast<std::size_t>(nanoseconds);
    const auto octave = static_cast<unsigned>(std::bit_width(nanoseconds)) - 3;  // 4 to 7: 0
    const std::size_t bucket = 4 * octave + static_cast<std::size_t>(nanoseconds >> octave);
    return std::min(bucket, bucket_count - 1);
  }
  /// The least that is counted in a bucket; of one behind the last too.
  static constexpr std::uint64_t begin_of(std::size_t bucket) noexcept {
    return bucket < 4 ? bucket : (4 + bucket % 4) << (bucket / 4 - 1);
  }

  /// The writer only.
  void add(std::uint64_t nanoseconds, std::uint64_t times = 1) noexcept {
    buckets_[bucket_of(nanoseconds)].add(times);
    if (nanoseconds > longest_.get()) longest_.set(nanoseconds);
  }

  /// A reading, of all buckets at about one time.
  struct Counts {
    std::array<std::uint64_t, bucket_count> buckets{};
    std::uint64_t longest = 0;

    std::uint64_t total() const noexcept {
      std::uint64_t sum = 0;
      for (const std::uint64_t count : buckets) sum += count;
      return sum;
    }
    /// What so many per mille took at most, rounded up to its bucket's end; 0 where nothing was counted.
    std::uint64_t quantile(unsigned per_mille) const noexcept {
      const std::uint64_t all = total();
      if (all == 0) return 0;
      const std::uint64_t wanted =
          std::max<std::uint64_t>(1, (all / 1000) * per_mille + (all % 1000 * per_mille + 999) / 1000);
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i < bucket_count; ++i)
        if ((sum += buckets[i]) >= wanted) return std::min(begin_of(i + 1) - 1, longest);
      return longest;
    }
  };
  Counts read() const noexcept {
    Counts counts;
    for (std::size_t i = 0; i < bucket_count; ++i) counts.buckets[i] = buckets_[i].get();
    counts.longest = longest_.get();
    return counts;
  }

 private:
  std::array<service::Counter<std::uint64_t>, bucket_count> buckets_;
  service::Counter<std::uint64_t> longest_;
};

}  // namespace fairway::worker
