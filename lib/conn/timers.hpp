// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/time.hpp"
#include "conn/entry.hpp"

namespace fairway::conn {

/// How hard a connection holds its place when the table is full.
enum class Standing : std::uint8_t { half_open, closing, settled };
constexpr std::size_t standing_count = 3;

/// Which connections might be due when: wheels of buckets of half a second, one wheel a standing. A connection lies in
/// the bucket of the moment at which it was due when it was put there; packets since then have only put it off, so it is
/// looked at then and put into its new bucket. Lists run through the cold lines: nothing is allocated. A bucket has eight
/// lists, so that taking connections out of it need not wait for one cache line after the other.
class Timers {
 public:
  static constexpr std::uint32_t none = 0xffffffffu;

  Timers(std::span<Hot> hot, std::span<Cold> cold, base::Stamp now) noexcept;

  void insert(std::uint32_t slot, Standing standing, base::Stamp now) noexcept;
  void remove(std::uint32_t slot) noexcept;

  /// As many as are taken out at once.
  static constexpr std::uint32_t most_at_once = 32;

  /// Calls `look` with groups of slots, already removed, whose bucket has passed, at most `budget` in all; it expires them
  /// or inserts them again. Their hot lines are on their way into the cache. True if some are left for the next call.
  template <class F>
  bool advance(base::Stamp now, std::uint32_t budget, F&& look) noexcept {
    const std::uint32_t end = tick(now);
    if (ahead(end) > buckets) tick_ = (end - buckets) & tick_mask;  // a whole turn passed: every bucket has
    while ((tick_ = next_occupied(end)) != end) {
      for (std::size_t standing = 0; standing < standing_count; ++standing)
        while (!is_empty(Standing(standing), tick_)) {
          if (budget == 0) return true;
          std::array<std::uint32_t, most_at_once> slots;
          const std::uint32_t count = take(Standing(standing), tick_, {slots.data(), std::min(budget, most_at_once)});
          budget -= count;
          look(std::span<const std::uint32_t>(slots.data(), count));
        }
      word(tick_) &= ~bit(tick_);
    }
    return false;
  }

  /// Takes out connections of this standing that are due first, by their bucket: as many as `slots` has room for, or as
  /// that bucket holds. Returns how many; 0: there are none.
  std::uint32_t take_first(Standing standing, std::span<std::uint32_t> slots) noexcept;

 private:
  static constexpr std::uint32_t buckets = 2048;  // 17 minutes; what is due later comes round more than once
  static constexpr std::uint32_t lists = 8;       // of a bucket
  static constexpr std::uint32_t bucket_flag = 0x80000000u;

  static constexpr std::uint32_t tick_bits = 9;                         // 512 ms
  static constexpr std::uint32_t tick_mask = 0xffffffffu >> tick_bits;  // ticks wrap as stamps do

  static std::uint32_t tick(base::Stamp stamp) noexcept { return stamp.milliseconds >> tick_bits; }
  /// The first of its lists.
  static std::uint32_t bucket(Standing standing, std::uint32_t at) noexcept {
    return (static_cast<std::uint32_t>(standing) * buckets + at % buckets) * lists;
  }
  bool is_empty(Standing standing, std::uint32_t at) const noexcept {
    const std::uint32_t* heads = &heads_[bucket(standing, at)];
    return std::all_of(heads, heads + lists, [](std::uint32_t head) { return head == none; });
  }
  std::uint32_t take(Standing standing, std::uint32_t at, std::span<std::uint32_t> slots) noexcept;
  static std::uint64_t bit(std::uint32_t at) noexcept { return std::uint64_t{1} << at % 64; }
  std::uint64_t& word(std::uint32_t at) noexcept { return occupied_[at % buckets / 64]; }
  /// The first tick from tick_ on in whose buckets something may lie; `end` if none comes before it.
  std::uint32_t next_occupied(std::uint32_t end) noexcept;
  std::uint32_t ahead(std::uint32_t at) const noexcept { return (at - tick_) & tick_mask; }

  std::span<Hot> hot_;
  std::span<Cold> cold_;
  std::uint32_t tick_;  // the first whose buckets have not passed
  std::array<std::uint32_t, standing_count * buckets * lists> heads_;
  std::array<std::uint64_t, buckets / 64> occupied_{};  // a bit a tick: something was put there, into whichever wheel
  std::array<std::uint32_t, standing_count> counts_{};
  std::array<std::uint32_t, standing_count> first_{};  // no bucket before this tick holds anything
};

}  // namespace fairway::conn
