// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <poll.h>

#include <cstdint>
#include <vector>

namespace fairway::worker {

/// What a worker does when there is nothing to do.
enum class IdleKind : std::uint8_t { spin, sleep, wait };

/// Decides when a worker may sleep, and sleeps. Waiting on the receive event costs nothing and answers faster than any
/// sleep; where a device has none, the worker looks again after 50 µs.
class Idle {
 public:
  /// `descriptors` become readable when a queue has packets; `all_have_events` says that every queue has one.
  Idle(IdleKind kind, std::vector<int> descriptors, bool all_have_events, int wake_descriptor);

  /// After each loop. True when it is time to sleep: twenty loops have found nothing.
  bool is_tired(bool found_work) noexcept {
    if (found_work || kind_ == IdleKind::spin) {
      empty_loops_ = 0;
      return false;
    }
    return ++empty_loops_ > 20;
  }

  bool waits_for_events() const noexcept { return kind_ == IdleKind::wait && all_have_events_; }

  /// Sleeps until something happens, at most 100 ms: timers go on.
  void sleep() noexcept;

 private:
  IdleKind kind_;
  bool all_have_events_;
  std::uint32_t empty_loops_ = 0;
  std::vector<pollfd> descriptors_;  // the last one is the wake descriptor
};

}  // namespace fairway::worker
