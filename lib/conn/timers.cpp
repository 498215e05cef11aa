// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/timers.hpp"

#include <algorithm>
#include <bit>

namespace fairway::conn {

Timers::Timers(std::span<Hot> hot, std::span<Cold> cold, base::Stamp now) noexcept
    : hot_(hot), cold_(cold), tick_(tick(now)) {
  heads_.fill(none);
}

void Timers::insert(std::uint32_t slot, Standing standing, base::Stamp now) noexcept {
  Hot& entry = hot_[slot];
  constexpr std::uint64_t horizon = std::uint64_t{buckets - 2} << tick_bits;
  const std::uint64_t age = base::elapsed(entry.last_seen, now), whole = std::uint64_t{entry.timeout} * 1000;
  const std::uint64_t left = std::min(whole > age ? whole - age : 0, horizon);
  std::uint32_t due = tick(base::later(now, static_cast<std::uint32_t>(left)));
  // A wheel that lags behind is not filled so far ahead that a bucket would mean two moments.
  if (ahead(due) >= buckets) due = (tick_ + buckets - 1) & tick_mask;

  const std::uint32_t at = bucket(standing, due) + slot % lists;
  const std::uint32_t head = heads_[at];
  Cold& cold = cold_[slot];
  cold.next = head;
  cold.previous = bucket_flag | at;
  entry.standing = static_cast<std::uint8_t>(standing);
  if (head != none) cold_[head].previous = slot;
  heads_[at] = slot;
  word(due) |= bit(due);

  const auto wheel = static_cast<std::size_t>(standing);
  if (ahead(first_[wheel]) >= buckets) first_[wheel] = tick_;  // it has passed: others may lie between it and `due`
  if (counts_[wheel]++ == 0 || ahead(due) < ahead(first_[wheel])) first_[wheel] = due;
}

void Timers::remove(std::uint32_t slot) noexcept {
  const Cold& cold = cold_[slot];
  if (cold.next != none) cold_[cold.next].previous = cold.previous;
  if (cold.previous & bucket_flag)
    heads_[cold.previous & ~bucket_flag] = cold.next;
  else
    cold_[cold.previous].next = cold.next;
  --counts_[hot_[slot].standing];
}

// One of each list in turn: by the time that a list's turn comes again its next one is in the cache.
std::uint32_t Timers::take(Standing standing, std::uint32_t at, std::span<std::uint32_t> slots) noexcept {
  const std::uint32_t first = bucket(standing, at);
  std::uint32_t* heads = &heads_[first];
  std::uint32_t count = 0;
  for (bool found = true; found && count < slots.size();) {
    found = false;
    for (std::uint32_t list = 0; list < lists && count < slots.size(); ++list) {
      const std::uint32_t slot = heads[list];
      if (slot == none) continue;
      found = true;
      slots[count++] = slot;
      heads[list] = cold_[slot].next;
      if (heads[list] != none) __builtin_prefetch(&cold_[heads[list]], 1);
      __builtin_prefetch(&hot_[slot], 1);
    }
  }
  for (std::uint32_t list = 0; list < lists; ++list)
    if (heads[list] != none) cold_[heads[list]].previous = bucket_flag | (first + list);
  counts_[static_cast<std::size_t>(standing)] -= count;
  return count;
}

// A word at a time: a clock that leaps must not cost a look at every list.
std::uint32_t Timers::next_occupied(std::uint32_t end) noexcept {
  for (std::uint32_t at = tick_; at != end;) {
    const std::uint64_t rest = word(at) >> at % 64;
    const std::uint32_t empty = rest != 0 ? static_cast<std::uint32_t>(std::countr_zero(rest)) : 64 - at % 64;
    if (empty >= ((end - at) & tick_mask)) break;
    at = (at + empty) & tick_mask;
    if (rest != 0) return at;
  }
  return end;
}

std::uint32_t Timers::take_first(Standing standing, std::span<std::uint32_t> slots) noexcept {
  const auto wheel = static_cast<std::size_t>(standing);
  if (counts_[wheel] == 0) return 0;
  if (ahead(first_[wheel]) >= buckets) first_[wheel] = tick_;  // it has passed
  while (is_empty(standing, first_[wheel])) first_[wheel] = (first_[wheel] + 1) & tick_mask;
  return take(standing, first_[wheel], slots);
}

}  // namespace fairway::conn
