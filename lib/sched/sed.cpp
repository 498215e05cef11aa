// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/least.hpp"
#include "sched/registry.hpp"

/// Shortest expected delay: the server with the fewest active connections for its weight, the new one counted with them.
/// So an idle heavy server comes before an idle light one, which lc and wlc do not see.
namespace fairway::sched {
namespace {

class ShortestExpectedDelay final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "sed"; }

  const service::Server* pick(const Question& question) const noexcept override {
    return least_for_weight(question, expected_overhead);
  }
};

}  // namespace

const Scheduler& shortest_expected_delay() noexcept {
  static const ShortestExpectedDelay scheduler;
  return scheduler;
}

}  // namespace fairway::sched
