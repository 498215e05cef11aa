// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/registry.hpp"

/// Overflow: the heaviest server that has no more active connections than its weight, the first in the list on a tie. So
/// a server takes one more than its weight, as in the kernel, before the next one gets any; where all are full, nobody
/// takes the connection.
namespace fairway::sched {
namespace {

class Overflow final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "ovf"; }

  const service::Server* pick(const Question& question) const noexcept override {
    const service::Server* best = nullptr;
    for (const service::Server& server : question.service.servers) {
      if (best && server.weight <= best->weight) continue;
      if (takes_connections(question.loads, server) && question.loads.active(server.id) <= server.weight)
        best = &server;
    }
    return best;
  }
};

}  // namespace

const Scheduler& overflow() noexcept {
  static const Overflow scheduler;
  return scheduler;
}

}  // namespace fairway::sched
