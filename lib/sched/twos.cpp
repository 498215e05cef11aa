// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>

#include "base/random.hpp"
#include "sched/least.hpp"
#include "sched/registry.hpp"

/// The power of two choices: of two servers that are drawn at random by weight, the one with less overhead for its weight;
/// the first one drawn on a tie.
namespace fairway::sched {
namespace {

/// The weight of each server that takes connections, 0 for the others.
class View {
 public:
  static constexpr bool follows_counts = false;

  explicit View(std::uint32_t size) : tree_(size) {}

  void assign(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    tree_.assign(place, takes_connections(loads, member) ? member.weight : 0);
  }
  void seal() noexcept { tree_.seal(); }
  void set(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    tree_.set(place, takes_connections(loads, member) ? member.weight : 0);
  }

  std::uint64_t sum() const noexcept { return tree_.root(); }
  bool takes(std::uint32_t place) const noexcept { return tree_.get(place) != 0; }
  std::uint32_t find(std::uint64_t sum) const noexcept { return tree_.find(sum); }

 private:
  SumTree tree_;
};

using Table = TrackedTable<View>;

/// A number from 0 to the sum of weights, both included, so that the first server is a little likelier than its weight, as
/// in the kernel; made one from 0 to below the sum.
std::uint64_t draw(base::Random& random, std::uint64_t sum) noexcept {
  return std::max<std::uint64_t>(random.below(sum + 1), 1) - 1;
}

class TwoChoices final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "twos"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<Table>(service);
  }

  const service::Server* pick(const Question& question) const noexcept override {
    base::Random random(question.random);
    Tracked<View>* tracked = track<Table>(question);
    const auto draw_one = [&] { return tracked ? find(*tracked, random, question) : walk(random, question); };
    const service::Server* first = draw_one();
    const service::Server* second = draw_one();
    if (!first || !second) return nullptr;
    return is_less(burden_of(*second, question), burden_of(*first, question)) ? second : first;
  }

 private:
  static Fraction burden_of(const service::Server& server, const Question& question) noexcept {
    return {overhead(question.loads, server.id), server.weight};
  }

  static const service::Server* walk(base::Random& random, const Question& question) noexcept {
    const auto& servers = question.service.servers;
    const auto weight_of = [&](const service::Server& server) -> std::uint64_t {
      return takes_connections(question.loads, server) ? server.weight : 0;
    };
    std::uint64_t sum = 0;
    for (const service::Server& server : servers) sum += weight_of(server);
    if (sum == 0) return nullptr;
    std::uint64_t number = draw(random, sum);
    for (const service::Server& server : servers) {
      const std::uint64_t weight = weight_of(server);
      if (number < weight) return &server;
      number -= weight;
    }
    return nullptr;  // all that was left has just become overloaded
  }
  static const service::Server* find(Tracked<View>& tracked, base::Random& random, const Question& question) noexcept {
    const View& view = tracked.view();
    while (view.sum() > 0 || (tracked.look_again(question) && view.sum() > 0)) {
      const std::uint32_t place = view.find(draw(random, view.sum()));
      tracked.look_at(place, question);
      if (view.takes(place)) return &question.service.servers[place];
    }
    return nullptr;
  }
};

}  // namespace

const Scheduler& two_choices() noexcept {
  static const TwoChoices scheduler;
  return scheduler;
}

}  // namespace fairway::sched
