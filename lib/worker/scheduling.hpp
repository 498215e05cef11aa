// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <utility>

#include "sched/scheduler.hpp"
#include "worker/channel.hpp"

namespace fairway::worker {

/// Tells a worker's scheduler state of one change of its service. Every change arrives, in order, since what a scheduler
/// does next depends on each (wrr's phase). Between two bursts only. A state that is new has been begun by control, before
/// any worker could see it; one that will not be asked again gives its slot back.
inline void follow(const ServiceChanged& change, unsigned worker, service::Watch& watch) noexcept {
  const service::Service *before = change.before, *after = change.after;
  if (before && after && before->life == after->life)
    after->scheduler->changed(*after->life->states[worker], *before, *after);
  else if (before)
    watch.give_back(std::exchange(before->life->states[worker]->watch_slot, 0));
}

}  // namespace fairway::worker
