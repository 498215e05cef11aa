// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/least.hpp"
#include "sched/registry.hpp"

/// Shortest expected delay: the server with the fewest active connections for its weight, the new one counted with them.
/// So an idle heavy server comes before an idle light one, which lc and wlc do not see.
namespace fairway::sched {
namespace {

struct ByExpectedDelay {
  static constexpr bool follows_counts = true, divides = true;
  static Fraction of(const service::Loads& loads, const Member& member) noexcept {
    return {expected_overhead(loads, member.id), member.weight};
  }
};

class ShortestExpectedDelay final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "sed"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<LeastTable<ByExpectedDelay>>(service);
  }
  const service::Server* pick(const Question& question) const noexcept override {
    return least<ByExpectedDelay>(question);
  }
};

}  // namespace

const Scheduler& shortest_expected_delay() noexcept {
  static const ShortestExpectedDelay scheduler;
  return scheduler;
}

}  // namespace fairway::sched
