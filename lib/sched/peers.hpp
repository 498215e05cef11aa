// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

#include "sched/scheduler.hpp"

namespace fairway::sched {

/// State of the schedulers that walk round a list. In the kernel all CPUs share one place; here every worker has its own
/// and moves it on by the connections that the others have opened since, so that together they walk the list about once.
/// With one worker the walk is the kernel's.
struct WalkerState : service::SchedulerState {
  service::Counter<std::uint64_t> opened;  // by this worker, read by the others
  std::uint64_t seen_of_others = 0;
};

/// Connections that the other workers have opened since the last call.
inline std::uint64_t opened_by_others(WalkerState& mine, const Question& question) noexcept {
  std::uint64_t sum = 0;
  const auto& states = question.service.life->states;
  for (unsigned worker = 0; worker < states.size(); ++worker)
    if (worker != question.worker) sum += static_cast<const WalkerState&>(*states[worker]).opened.get();
  const std::uint64_t since = sum - mine.seen_of_others;
  mine.seen_of_others = sum;
  return since;
}

}  // namespace fairway::sched
