// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <utility>

#include "service/lines.hpp"

namespace fairway::service {

/// Tells a worker's schedulers which servers' counts that worker has changed since they last asked, so that a choice among
/// thousands need not look at all. One a worker, which alone uses it. A slot stands for one scheduler's state; each
/// server is in one slot's list at a time, linked through its line, so a change costs one load of a line that is at hand,
/// and a list never overflows.
class Watch {
 public:
  using Slot = std::uint32_t;  // 0: none

  /// `lines`: the worker's own, by server id. They start without slots and must outlive it.
  explicit Watch(ServerLine* lines) : lines_(lines), heads_(most_slots) {}

  /// 0 if all are taken.
  Slot take() noexcept {
    Slot slot = free_;
    if (slot != 0)
      free_ = heads_[slot].next_free;
    else if (used_ + 1 < most_slots)
      slot = ++used_;
    clear(slot);
    heads_[slot] = {};
    return slot;
  }
  /// Servers may still have this slot: what they tell is then told to its next owner, who knows which are his.
  void give_back(Slot slot) noexcept {
    if (slot == 0) return;
    heads_[slot].next_free = free_;
    free_ = slot;
  }

  /// From now on this server's changes are told to this slot, as those of `place`.
  void put(ServerId id, Slot slot, std::uint32_t place) noexcept {
    ServerLine& line = lines_[id.value];
    if (line.watch_next != unlisted && line.watch_slot != slot) {
      const Slot other = line.watch_slot;
      clear(other);
      heads_[other].has_lost = true;
    }
    line.watch_slot = slot;
    line.watch_place = place;
  }

  /// The active or inactive connections of a server have changed, or are just about to.
  void note(ServerId id) noexcept {
    ServerLine& line = lines_[id.value];
    if (line.watch_slot == 0 || line.watch_next != unlisted) return;
    std::uint32_t& first = heads_[line.watch_slot].first;
    line.watch_next = first != unlisted ? first : end;
    first = link_of(id);
  }

  /// Calls `f(id, place)` for each server that has changed since the last call. False if some may be missing: then all
  /// must be looked at. A server that has left may be among them.
  template <class F>
  bool drain(Slot slot, F&& f) noexcept {
    Head& head = heads_[slot];
    for (std::uint32_t link = head.first; link > end;) {
      const ServerId id{link - first_link};
      ServerLine& line = lines_[id.value];
      link = line.watch_next;
      line.watch_next = unlisted;
      f(id, line.watch_place);
    }
    head.first = unlisted;
    return !std::exchange(head.has_lost, false);
  }
  void clear(Slot slot) noexcept {
    drain(slot, [](ServerId, std::uint32_t) {});
  }

 private:
  // Memory comes as zeros.
  static constexpr std::uint32_t unlisted = 0, end = 1, first_link = 2;
  static constexpr std::uint32_t most_slots = 1u << 17;  // so many services, of at least eight servers each

  static_assert(most_slots <= 1u << 18 && max_servers + first_link < 1u << 22, "ServerLine has bits for them");

  struct Head {
    std::uint32_t first = unlisted;
    Slot next_free = 0;
    bool has_lost = false;
  };

  static std::uint32_t link_of(ServerId id) noexcept { return id.value + first_link; }

  ServerLine* lines_;
  base::LazyArray<Head> heads_;
  Slot used_ = 0, free_ = 0;
};

}  // namespace fairway::service
