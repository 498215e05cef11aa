// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
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

/// Whether servers of the service before are no longer in it. May also say so of one that was taken out and added again.
inline bool takes_servers_away(const ServiceChanged& change) noexcept {
  if (!change.before) return false;
  if (!change.after) return !change.before->servers.empty();
  // New servers stand before the old ones, which keep their order: the old list is the end of the new one.
  const auto &before = change.before->servers, &after = change.after->servers;
  return after.size() < before.size() ||
         !std::equal(before.rbegin(), before.rend(), after.rbegin(),
                     [](const service::Server& one, const service::Server& other) { return one.id == other.id; });
}

}  // namespace fairway::worker
