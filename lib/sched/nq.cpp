// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>

#include "sched/least.hpp"
#include "sched/registry.hpp"

/// Never queue: a server without active connections, the first in the list, whatever its weight; where all are busy, as sed.
namespace fairway::sched {
namespace {

class NeverQueue final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "nq"; }

  const service::Server* pick(const Question& question) const noexcept override {
    const auto& servers = question.service.servers;
    const auto idle = std::find_if(servers.begin(), servers.end(), [&](const service::Server& server) {
      return takes_connections(question.loads, server) && question.loads.active(server.id) == 0;
    });
    return idle != servers.end() ? &*idle : least_for_weight(question, expected_overhead);
  }
};

}  // namespace

const Scheduler& never_queue() noexcept {
  static const NeverQueue scheduler;
  return scheduler;
}

}  // namespace fairway::sched
