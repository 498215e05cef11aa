// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "sched/scheduler.hpp"
#include "worker/channel.hpp"

namespace fairway::worker {

/// Tells a worker's scheduler state of one change of its service. Every change arrives, in order, since what a scheduler
/// does next depends on each (wrr's phase). Between two bursts only. A state that is new has been begun by control, before
/// any worker could see it.
inline void follow(const ServiceChanged& change, unsigned worker) noexcept {
  const service::Service *before = change.before, *after = change.after;
  if (before && after && before->life == after->life)
    after->scheduler->changed(*after->life->states[worker], *before, *after);
}

}  // namespace fairway::worker
