// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/overhead.hpp"
#include "sched/registry.hpp"

/// Least connection: the server with the least overhead; the first in the list on a tie.
namespace fairway::sched {
namespace {

class LeastConnection final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "lc"; }

  const service::Server* pick(const Question& question) const noexcept override {
    const service::Server* best = nullptr;
    std::uint64_t least = 0;
    for (const service::Server& server : question.service.servers) {
      if (!takes_connections(question.loads, server)) continue;
      const std::uint64_t its = overhead(question.loads, server);
      if (!best || its < least) {
        best = &server;
        least = its;
      }
    }
    return best;
  }
};

}  // namespace

const Scheduler& least_connection() noexcept {
  static const LeastConnection scheduler;
  return scheduler;
}

}  // namespace fairway::sched
