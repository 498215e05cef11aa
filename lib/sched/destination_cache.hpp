// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "base/time.hpp"
#include "sched/hash.hpp"

namespace fairway::sched {

/// What lblc and lblcr remember of each destination, for one worker and one service, and when they forget it, as the kernel
/// does: each half hour what was not used for as long as a setting says, and each minute, while there are more than 16 Ki
/// destinations, some that were not used for six minutes. Unlike in the kernel there is a limit, twice that number; then
/// for each new destination an old one is forgotten. The clock begins with the first choice.
///
/// All memory is taken when it is made: 0.6 MB for values of four bytes, 0.9 MB for values of eight.
template <class Value>
class DestinationCache {
 public:
  static constexpr std::uint32_t comfortable = 16 * 1024, capacity = 2 * comfortable;
  static constexpr std::uint32_t minute = 60'000;              // milliseconds
  static constexpr std::uint32_t longest = 24 * 24 * 60 * 60;  // seconds; what is to be remembered longer is not

  DestinationCache() : entries_(std::make_unique<Entry[]>(capacity)), next_(std::make_unique<Link[]>(capacity)) {
    heads_.fill(none);
    for (std::uint32_t i = 0; i < capacity; ++i) next_[i] = static_cast<Link>(i + 1 < capacity ? i + 1 : none);
  }

  std::uint32_t size() const noexcept { return size_; }

  /// To be called before each choice, with the seconds after which an unused destination is forgotten. `forget` is called
  /// with the value of each that is. Bounded work: a sweep through all goes on from choice to choice.
  template <class Forget>
  void advance(base::Stamp now, std::uint32_t expiration, Forget&& forget) noexcept {
    if (!has_begun_) {
      has_begun_ = true;
      next_tick_ = base::later(now, minute);
    }
    if (base::is_due(next_tick_, now)) tick(now, expiration);
    for (std::uint32_t i = 0; i < buckets_a_choice && buckets_to_sweep_ > 0; ++i) sweep_bucket(now, forget);
  }

  /// Null if it is not remembered. Counts as used.
  Value* find(std::uint64_t destination, base::Stamp now) noexcept {
    for (Link link = heads_[bucket_of(destination)]; link != none; link = next_[link]) {
      Entry& entry = entries_[link];
      if (entry.destination != destination) continue;
      if (is_forgotten(entry)) return nullptr;
      entry.used = now;
      return &entry.value;
    }
    return nullptr;
  }

  /// Remembers a destination that find() did not know.
  template <class Forget>
  Value& insert(std::uint64_t destination, base::Stamp now, Forget&& forget) noexcept {
    const std::uint32_t bucket = bucket_of(destination);
    // What is forgotten may lie there still.
    remove_if(bucket, forget, [&](const Entry& entry) { return entry.destination == destination; });
    if (free_ == none) make_room(now, forget);
    const Link link = free_;
    free_ = next_[link];
    next_[link] = heads_[bucket];
    heads_[bucket] = link;
    entries_[link] = {.destination = destination, .used = now, .value = {}};
    ++size_;
    return entries_[link].value;
  }

  /// Forgets a destination that has not been used for long: the one of the next bucket that has any.
  template <class Forget>
  void make_room(base::Stamp now, Forget&& forget) noexcept {
    if (size_ == 0) return;
    do rover_ = (rover_ + 1) % buckets;
    while (heads_[rover_] == none);
    Link oldest = heads_[rover_];
    for (Link link = oldest; link != none; link = next_[link])
      if (base::elapsed(entries_[link].used, now) > base::elapsed(entries_[oldest].used, now)) oldest = link;
    remove_if(rover_, forget, [&](const Entry& entry) { return &entry == &entries_[oldest]; });
  }

 private:
  using Link = std::uint16_t;
  static constexpr Link none = 0xffff;
  static constexpr unsigned bits = 10;
  static constexpr std::uint32_t buckets = 1u << bits;
  static constexpr std::uint32_t buckets_a_choice = 8;
  static constexpr std::uint32_t ticks_between_full_checks = 30;
  static constexpr std::uint32_t idle_when_crowded = 6 * minute;

  struct Entry {
    std::uint64_t destination;
    base::Stamp used;
    Value value;
  };

  static std::uint32_t bucket_of(std::uint64_t destination) noexcept {
    return golden_hash(static_cast<std::uint32_t>(destination), bits);
  }

  /// By the last full check, though its sweep may not have come by yet.
  bool is_forgotten(const Entry& entry) const noexcept {
    return has_checked_ && base::is_due(entry.used, last_full_check_) &&
           base::elapsed(entry.used, last_full_check_) >= base::elapsed(forgotten_until_, last_full_check_);
  }

  /// A minute has passed, or several without a choice, of which the last full check alone matters.
  void tick(base::Stamp now, std::uint32_t expiration) noexcept {
    const std::uint32_t passed = 1 + base::elapsed(next_tick_, now) / minute;
    next_tick_ = base::later(next_tick_, passed * minute);
    if (ticks_ + passed >= ticks_between_full_checks) {
      ticks_ = (ticks_ + passed) % ticks_between_full_checks;
      last_full_check_ = base::later(next_tick_, 0u - (ticks_ + 1) * minute);
      forget_until(base::later(last_full_check_, 0u - std::min(expiration, longest) * 1000));
      begin_sweep(capacity, false);
    } else if (size_ > comfortable) {
      begin_sweep(std::min((size_ - comfortable) * 4 / 3, comfortable / 2), true);
    } else {
      ticks_ += passed;
    }
  }

  /// What a check forgot stays forgotten, though a later one may be more patient.
  void forget_until(base::Stamp moment) noexcept {
    const bool is_later = base::elapsed(moment, last_full_check_) < base::elapsed(forgotten_until_, last_full_check_);
    if (is_later || !has_checked_) forgotten_until_ = moment;
    has_checked_ = true;
  }

  void begin_sweep(std::uint32_t goal, bool is_crowded) noexcept {
    buckets_to_sweep_ = buckets;
    goal_ = goal;
    is_crowded_ = is_crowded;
  }

  template <class Forget>
  void sweep_bucket(base::Stamp now, Forget&& forget) noexcept {
    rover_ = (rover_ + 1) % buckets;
    --buckets_to_sweep_;
    const std::uint32_t removed = remove_if(rover_, forget, [&](const Entry& entry) {
      return is_crowded_ ? base::elapsed(entry.used, now) >= idle_when_crowded : is_forgotten(entry);
    });
    goal_ -= std::min(goal_, removed);
    if (goal_ == 0) buckets_to_sweep_ = 0;
  }

  template <class Forget, class Condition>
  std::uint32_t remove_if(std::uint32_t bucket, Forget&& forget, Condition&& condition) noexcept {
    std::uint32_t removed = 0;
    for (Link* place = &heads_[bucket]; *place != none;) {
      const Link link = *place;
      if (!condition(entries_[link])) {
        place = &next_[link];
        continue;
      }
      forget(entries_[link].value);
      *place = next_[link];
      next_[link] = free_;
      free_ = link;
      ++removed;
    }
    size_ -= removed;
    return removed;
  }

  std::unique_ptr<Entry[]> entries_;
  std::unique_ptr<Link[]> next_;  // in its bucket, or of the free ones
  std::array<Link, buckets> heads_;
  Link free_ = 0;
  std::uint32_t size_ = 0;

  bool has_begun_ = false, has_checked_ = false;
  base::Stamp next_tick_, last_full_check_;
  base::Stamp forgotten_until_;  // what was used later is remembered
  std::uint32_t ticks_ = 0;      // since the last full check
  std::uint32_t rover_ = 0;      // the bucket that was swept last
  std::uint32_t buckets_to_sweep_ = 0, goal_ = 0;
  bool is_crowded_ = false;
};

}  // namespace fairway::sched
