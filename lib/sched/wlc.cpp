// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/least.hpp"
#include "sched/registry.hpp"

/// Weighted least connection: the server with the least overhead for its weight; the first in the list on a tie.
namespace fairway::sched {
namespace {

class WeightedLeastConnection final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "wlc"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<LeastTable<ByOverheadAndWeight>>(service);
  }
  const service::Server* pick(const Question& question) const noexcept override {
    return least<ByOverheadAndWeight>(question);
  }
};

}  // namespace

const Scheduler& weighted_least_connection() noexcept {
  static const WeightedLeastConnection scheduler;
  return scheduler;
}

}  // namespace fairway::sched
