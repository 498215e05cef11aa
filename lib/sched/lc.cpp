// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/least.hpp"
#include "sched/registry.hpp"

/// Least connection: the server with the least overhead; the first in the list on a tie.
namespace fairway::sched {
namespace {

struct ByOverhead {
  static constexpr bool follows_counts = true, divides = false;
  static Fraction of(const service::Loads& loads, const Member& member) noexcept {
    return {overhead(loads, member.id), 1};
  }
};

class LeastConnection final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "lc"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<LeastTable<ByOverhead>>(service);
  }
  const service::Server* pick(const Question& question) const noexcept override { return least<ByOverhead>(question); }
};

}  // namespace

const Scheduler& least_connection() noexcept {
  static const LeastConnection scheduler;
  return scheduler;
}

}  // namespace fairway::sched
