// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/least.hpp"
#include "sched/registry.hpp"

/// Overflow: the heaviest server that has no more active connections than its weight, the first in the list on a tie. So
/// a server takes one more than its weight, as in the kernel, before the next one gets any; where all are full, nobody
/// takes the connection.
namespace fairway::sched {
namespace {

struct HeaviestWithRoom {
  static constexpr bool follows_counts = true, divides = false;
  static Fraction of(const service::Loads& loads, const Member& member) noexcept {
    return {lightness(member.weight), loads.active(member.id) <= member.weight ? 1u : 0u};
  }
};

class Overflow final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "ovf"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<LeastTable<HeaviestWithRoom>>(service);
  }
  const service::Server* pick(const Question& question) const noexcept override {
    return least<HeaviestWithRoom>(question);
  }
};

}  // namespace

const Scheduler& overflow() noexcept {
  static const Overflow scheduler;
  return scheduler;
}

}  // namespace fairway::sched
