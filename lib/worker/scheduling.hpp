// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "sched/scheduler.hpp"
#include "worker/channel.hpp"

namespace fairway::worker {

/// Tells a worker's scheduler state of one change of its service. Every change arrives, in order, since what a scheduler
/// does next depends on each (wrr's phase). Between two bursts only.
inline void follow(const ServiceChanged& change, unsigned worker) noexcept {
  const service::Service* after = change.after;
  if (!after) return;
  service::SchedulerState& state = *after->life->states[worker];
  if (!change.before)
    after->scheduler->added(state, *after);
  else if (change.before->life != after->life)
    after->scheduler->chosen(state, *after);
  else
    after->scheduler->changed(state, *change.before, *after);
}

}  // namespace fairway::worker
