// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "sched/overhead.hpp"

namespace fairway::sched {

/// The server with the least overhead for its weight, the first in the list on a tie; null if none takes connections.
/// overhead/weight is compared by cross-multiplication, as in the kernel: no division, no rounding.
template <class Overhead>
const service::Server* least_for_weight(const Question& question, Overhead overhead_of) noexcept {
  const service::Server* best = nullptr;
  std::uint64_t least = 0;
  for (const service::Server& server : question.service.servers) {
    if (!takes_connections(question.loads, server)) continue;
    const std::uint64_t its = overhead_of(question.loads, server);
    if (!best || least * server.weight > its * best->weight) {
      best = &server;
      least = its;
    }
  }
  return best;
}

}  // namespace fairway::sched
