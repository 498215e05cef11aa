// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/overhead.hpp"
#include "sched/registry.hpp"

/// Weighted least connection: the server with the least overhead for its weight; the first in the list on a tie.
namespace fairway::sched {
namespace {

class WeightedLeastConnection final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "wlc"; }

  /// overhead/weight is compared by cross-multiplication, as in the kernel: no division, no rounding.
  const service::Server* pick(const Question& question) const noexcept override {
    const service::Server* best = nullptr;
    std::uint64_t least = 0;
    for (const service::Server& server : question.service.servers) {
      if (!takes_connections(server)) continue;
      const std::uint64_t its = overhead(question.loads, server);
      if (!best || least * server.weight > its * best->weight) {
        best = &server;
        least = its;
      }
    }
    return best;
  }
};

}  // namespace

const Scheduler& weighted_least_connection() noexcept {
  static const WeightedLeastConnection scheduler;
  return scheduler;
}

}  // namespace fairway::sched
