// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>

#include "base/random.hpp"
#include "sched/overhead.hpp"
#include "sched/registry.hpp"

/// The power of two choices: of two servers that are drawn at random by weight, the one with less overhead for its weight;
/// the first one drawn on a tie.
namespace fairway::sched {
namespace {

struct Table final : service::SchedulerTable {
  std::vector<std::uint64_t> sums;  // of the weights up to and with each server of the list
};

class TwoChoices final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "twos"; }

  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    auto table = std::make_unique<Table>();
    std::uint64_t sum = 0;
    for (const service::Server& server : service.servers) table->sums.push_back(sum += server.weight);
    return table;
  }

  const service::Server* pick(const Question& question) const noexcept override {
    base::Random random(question.random);
    const service::Server* first = draw(question, random);
    const service::Server* second = draw(question, random);
    if (!first || !second) return nullptr;
    const bool second_is_better =
        overhead(question.loads, *first) * second->weight > overhead(question.loads, *second) * first->weight;
    return second_is_better ? second : first;
  }

 private:
  /// Draws again where the one that was drawn takes no connections just now: the rest keep their shares of each other.
  static const service::Server* draw(const Question& question, base::Random& random) noexcept {
    const auto& servers = question.service.servers;
    const std::vector<std::uint64_t>& sums = static_cast<const Table&>(*question.service.table).sums;
    if (sums.empty() || sums.back() == 0) return nullptr;
    constexpr int most_draws = 64;
    for (int i = 0; i < most_draws; ++i) {
      const service::Server& server = servers[place_of(random.below(sums.back() + 1), sums)];
      if (takes_connections(question.loads, server)) return &server;
    }
    const auto able = std::find_if(servers.begin(), servers.end(), [&](const service::Server& server) {
      return takes_connections(question.loads, server);
    });
    return able != servers.end() ? &*able : nullptr;
  }

  /// The number is one of 0 to the sum of weights, both included, so that the first server of the list is a little likelier
  /// than its weight, as in the kernel.
  static std::size_t place_of(std::uint64_t number, const std::vector<std::uint64_t>& sums) noexcept {
    const auto found = std::lower_bound(sums.begin(), sums.end(), std::max<std::uint64_t>(number, 1));
    return static_cast<std::size_t>(found - sums.begin());
  }
};

}  // namespace

const Scheduler& two_choices() noexcept {
  static const TwoChoices scheduler;
  return scheduler;
}

}  // namespace fairway::sched
