// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/time.hpp"
#include "conn/entry.hpp"

namespace fairway::conn {

/// How hard a connection holds its place when the table is full.
enum class Standing : std::uint8_t { half_open, closing, settled };
constexpr std::size_t standing_count = 3;

/// Which connections might be due when: wheels of buckets of half a second, one wheel a standing. A connection lies in
/// the bucket of the moment at which it was due when it was put there; packets since then have only put it off, so it is
/// looked at then and put into its new bucket. Lists run through the cold lines: nothing is allocated.
class Timers {
 public:
  static constexpr std::uint32_t none = 0xffffffffu;

  Timers(std::span<Hot> hot, std::span<Cold> cold, base::Stamp now) noexcept;

  void insert(std::uint32_t slot, Standing standing, base::Stamp now) noexcept;
  void remove(std::uint32_t slot) noexcept;

  /// Calls `look` with the slots, already removed, whose bucket has passed, at most `budget` of them; it expires them or
  /// inserts them again. True if some are left for the next call.
  template <class F>
  bool advance(base::Stamp now, std::uint32_t budget, F&& look) noexcept {
    const std::uint32_t end = tick(now);
    if (ahead(end) > buckets) tick_ = (end - buckets) & tick_mask;  // a whole turn passed: every bucket has
    for (; tick_ != end; tick_ = (tick_ + 1) & tick_mask)
      for (std::size_t standing = 0; standing < standing_count; ++standing) {
        const std::uint32_t& head = heads_[bucket(Standing(standing), tick_)];
        while (head != none) {
          if (budget == 0) return true;
          --budget;
          const std::uint32_t slot = head;
          remove(slot);
          look(slot);
        }
      }
    return false;
  }

  /// The connection of this standing that is due first, by its bucket; nothing if there is none.
  std::optional<std::uint32_t> first(Standing standing) noexcept;

 private:
  static constexpr std::uint32_t buckets = 2048;  // 17 minutes; what is due later comes round more than once
  static constexpr std::uint32_t bucket_flag = 0x80000000u;

  static constexpr std::uint32_t tick_bits = 9;                         // 512 ms
  static constexpr std::uint32_t tick_mask = 0xffffffffu >> tick_bits;  // ticks wrap as stamps do

  static std::uint32_t tick(base::Stamp stamp) noexcept { return stamp.milliseconds >> tick_bits; }
  static std::uint32_t bucket(Standing standing, std::uint32_t at) noexcept {
    return static_cast<std::uint32_t>(standing) * buckets + at % buckets;
  }
  std::uint32_t ahead(std::uint32_t at) const noexcept { return (at - tick_) & tick_mask; }

  std::span<Hot> hot_;
  std::span<Cold> cold_;
  std::uint32_t tick_;  // the first whose buckets have not passed
  std::array<std::uint32_t, standing_count * buckets> heads_;
  std::array<std::uint32_t, standing_count> counts_{};
  std::array<std::uint32_t, standing_count> first_{};  // no bucket before this tick holds anything
};

}  // namespace fairway::conn
