// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/least.hpp"
#include "sched/registry.hpp"

/// Never queue: a server without active connections, the first in the list, whatever its weight; where all are busy, as sed.
namespace fairway::sched {
namespace {

struct IdleFirst {
  static constexpr bool follows_counts = true, divides = true;
  static Fraction of(const service::Loads& loads, const Member& member) noexcept {
    const bool is_idle = loads.active(member.id) == 0;
    return {is_idle ? 0 : expected_overhead(loads, member.id), member.weight};
  }
};

class NeverQueue final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "nq"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<LeastTable<IdleFirst>>(service);
  }
  const service::Server* pick(const Question& question) const noexcept override { return least<IdleFirst>(question); }
};

}  // namespace

const Scheduler& never_queue() noexcept {
  static const NeverQueue scheduler;
  return scheduler;
}

}  // namespace fairway::sched
