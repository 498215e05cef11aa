// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>

#include "sched/peers.hpp"
#include "sched/registry.hpp"
#include "sched/tracked.hpp"

/// Round robin: the next server in the list that takes connections.
namespace fairway::sched {
namespace {

struct State final : WalkerState {
  std::size_t place = 0;  // one more than the index of the last choice; 0: before the first server
};

/// 1 for each server that takes connections, 0 for the others.
class View {
 public:
  static constexpr bool follows_counts = false;

  explicit View(std::uint32_t size) : tree_(size) {}

  void assign(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    tree_.assign(place, takes_connections(loads, member));
  }
  void seal() noexcept { tree_.seal(); }
  void set(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    tree_.set(place, takes_connections(loads, member));
  }

  bool takes(std::uint32_t place) const noexcept { return tree_.get(place) != 0; }
  std::uint64_t count() const noexcept { return tree_.root(); }
  std::uint64_t count_before(std::uint32_t place) const noexcept { return tree_.before(place); }
  std::uint32_t nth(std::uint64_t n) const noexcept { return tree_.find(n); }

 private:
  SumTree tree_;
};

using Table = TrackedTable<View>;

std::size_t place_of(const service::Service& service, service::ServerId id) noexcept {
  const service::Server* server = service.find(id);
  return server ? static_cast<std::size_t>(server - service.servers.data()) + 1 : 0;
}

class RoundRobin final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "rr"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<Table>(service);
  }
  std::unique_ptr<service::SchedulerState> state() const override { return std::make_unique<State>(); }

  /// The place stays with its server. If that one was deleted, it goes back to the server before it, as in the kernel.
  void changed(service::SchedulerState& base, const service::Service& before,
               const service::Service& after) const noexcept override {
    auto& state = static_cast<State&>(base);
    std::size_t place = std::min(state.place, before.servers.size());
    state.place = 0;
    for (; place > 0 && state.place == 0; --place) state.place = place_of(after, before.servers[place - 1].id);
  }

  const service::Server* pick(const Question& question) const noexcept override {
    auto& state = static_cast<State&>(*question.service.life->states[question.worker]);
    const bool is_alone = question.service.life->states.size() == 1;
    const std::uint64_t others = is_alone ? 0 : opened_by_others(state, question);
    Tracked<View>* tracked = track<Table>(question);
    if (!(tracked ? jump(state, others, *tracked, question) : walk(state, others, question))) return nullptr;
    state.opened.add(1);
    return &question.service.servers[state.place - 1];
  }

 private:
  /// Past as many servers as the others have chosen meanwhile.
  static bool walk(State& state, std::uint64_t others, const Question& question) noexcept {
    const auto& servers = question.service.servers;
    const auto count = static_cast<std::uint64_t>(std::count_if(
        servers.begin(), servers.end(), [&](const auto& server) { return takes_connections(question.loads, server); }));
    if (count == 0) return false;
    for (std::uint64_t steps = others % count;; --steps) {
      step(state, question);
      if (steps == 0) return true;
    }
  }
  static void step(State& state, const Question& question) noexcept {
    const auto& servers = question.service.servers;
    for (std::size_t tried = 0; tried < servers.size(); ++tried) {
      state.place = state.place >= servers.size() ? 1 : state.place + 1;
      if (takes_connections(question.loads, servers[state.place - 1])) return;
    }
  }
  /// The same, by counting the servers that take connections.
  static bool jump(State& state, std::uint64_t others, Tracked<View>& tracked, const Question& question) noexcept {
    const View& view = tracked.view();
    while (view.count() > 0 || (tracked.look_again(question) && view.count() > 0)) {
      const std::uint64_t passed = view.count_before(static_cast<std::uint32_t>(state.place));
      const std::uint32_t place = view.nth((passed + others) % view.count());
      tracked.look_at(place, question);
      if (!view.takes(place)) continue;
      state.place = place + 1;
      return true;
    }
    return false;
  }
};

}  // namespace

const Scheduler& round_robin() noexcept {
  static const RoundRobin scheduler;
  return scheduler;
}

}  // namespace fairway::sched
