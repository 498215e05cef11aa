// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/idle.hpp"

#include <unistd.h>

#include <ctime>

namespace fairway::worker {

Idle::Idle(IdleKind kind, std::vector<int> descriptors, bool all_have_events, int wake_descriptor)
    : kind_(kind), all_have_events_(all_have_events) {
  if (waits_for_events())
    for (const int descriptor : descriptors) descriptors_.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
  descriptors_.push_back({.fd = wake_descriptor, .events = POLLIN, .revents = 0});
}

void Idle::sleep() noexcept {
  constexpr timespec until_timers{.tv_sec = 0, .tv_nsec = 100'000'000};
  constexpr timespec moment{.tv_sec = 0, .tv_nsec = 50'000};
  ppoll(descriptors_.data(), descriptors_.size(), waits_for_events() ? &until_timers : &moment, nullptr);
  if (descriptors_.back().revents & POLLIN) {
    std::uint64_t count;
    [[maybe_unused]] const auto got = read(descriptors_.back().fd, &count, sizeof count);
  }
  // One empty loop more and it sleeps again: what woke it has either brought work or was for nothing.
  empty_loops_ = 20;
}

}  // namespace fairway::worker
