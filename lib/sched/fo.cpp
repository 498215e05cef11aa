// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/least.hpp"
#include "sched/registry.hpp"

/// Weighted failover: everything to the heaviest server that takes connections, the first in the list on a tie.
namespace fairway::sched {
namespace {

struct HeaviestFirst {
  static constexpr bool follows_counts = false, divides = false;
  static Fraction of(const service::Loads&, const Member& member) noexcept { return {lightness(member.weight), 1}; }
};

class Failover final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "fo"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<LeastTable<HeaviestFirst>>(service);
  }
  const service::Server* pick(const Question& question) const noexcept override {
    return least<HeaviestFirst>(question);
  }
};

}  // namespace

const Scheduler& failover() noexcept {
  static const Failover scheduler;
  return scheduler;
}

}  // namespace fairway::sched
