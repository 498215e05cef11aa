// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/registry.hpp"

/// Weighted failover: everything to the heaviest server that takes connections, the first in the list on a tie.
namespace fairway::sched {
namespace {

class Failover final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "fo"; }

  const service::Server* pick(const Question& question) const noexcept override {
    const service::Server* best = nullptr;
    for (const service::Server& server : question.service.servers)
      if (takes_connections(question.loads, server) && (!best || server.weight > best->weight)) best = &server;
    return best;
  }
};

}  // namespace

const Scheduler& failover() noexcept {
  static const Failover scheduler;
  return scheduler;
}

}  // namespace fairway::sched
