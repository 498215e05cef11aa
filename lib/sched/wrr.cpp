// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>
#include <numeric>
#include <span>

#include "sched/peers.hpp"
#include "sched/registry.hpp"

/// Weighted round robin, interleaved: each pass through the list takes the servers whose weight reaches a level, and the
/// level sinks by the weights' greatest common divisor from pass to pass.
namespace fairway::sched {
namespace {

struct Levels {
  std::int64_t step = 1;     // greatest common divisor of the weights above zero; 1 if there are none
  std::int64_t highest = 0;  // where a round begins; 0: nobody takes connections
};

struct State final : WalkerState {
  std::size_t place = 0;  // one more than the index of the last choice; 0: before the first server
  std::int64_t level = 0;
  Levels levels;
};

Levels levels_of(std::span<const service::Server> servers) noexcept {
  std::int64_t divisor = 0, most = 0;
  for (const service::Server& server : servers) {
    divisor = std::gcd(divisor, std::int64_t{server.weight});
    most = std::max(most, std::int64_t{server.weight});
  }
  if (divisor == 0) divisor = 1;
  return {.step = divisor, .highest = most - (divisor - 1)};
}

/// What the kernel does at each change of the list. That the level survives it, rounded, sets the phase of what follows.
void adapt(State& state, std::span<const service::Server> servers) noexcept {
  state.levels = levels_of(servers);
  state.place = 0;
  if (state.level > state.levels.highest || state.level == 0)
    state.level = state.levels.highest;
  else if (state.levels.step > 1)
    state.level = state.level / state.levels.step * state.levels.step + 1;
}

class WeightedRoundRobin final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "wrr"; }
  std::unique_ptr<service::SchedulerState> state() const override { return std::make_unique<State>(); }

  void added(service::SchedulerState& base, const service::Service& service) const noexcept override {
    auto& state = static_cast<State&>(base);
    const std::span all(service.servers);
    for (std::size_t count = 1; count <= all.size(); ++count) adapt(state, all.last(count));
  }

  void chosen(service::SchedulerState& base, const service::Service& service) const noexcept override {
    auto& state = static_cast<State&>(base);
    state.levels = levels_of(service.servers);
    state.level = state.levels.highest;
    state.place = 0;
  }

  void changed(service::SchedulerState& base, const service::Service&,
               const service::Service& after) const noexcept override {
    adapt(static_cast<State&>(base), after.servers);
  }

  const service::Server* pick(const Question& question) const noexcept override {
    auto& state = static_cast<State&>(*question.service.life->states[question.worker]);
    const auto& servers = question.service.servers;
    if (state.levels.highest > 0 && question.service.life->states.size() > 1) {
      // More than this many would only shift the phase further, and cost as many steps.
      constexpr std::uint64_t most_steps = 64;
      for (auto steps = std::min(opened_by_others(state, question), most_steps); steps > 0; --steps)
        step(state, question);
    }
    if (state.levels.highest <= 0 || !step(state, question)) {
      // The levels may be those of a version before, whose change this worker has not been told of yet.
      adapt(state, servers);
      if (state.levels.highest <= 0 || !step(state, question)) return nullptr;
    }
    state.opened.add(1);
    return &servers[state.place - 1];
  }

 private:
  /// The heaviest server reaches every level, so a full pass from the head finds someone; two passes bound the walk.
  static bool step(State& state, const Question& question) noexcept {
    const auto& servers = question.service.servers;
    for (std::size_t tried = 0; tried <= 2 * servers.size(); ++tried) {
      if (state.place >= servers.size()) {
        state.place = 0;
        state.level -= state.levels.step;
        if (state.level <= 0) state.level = state.levels.highest;
      }
      ++state.place;
      const service::Server& server = servers[state.place - 1];
      if (takes_connections(question.loads, server) && server.weight >= static_cast<std::uint64_t>(state.level))
        return true;
    }
    return false;
  }
};

}  // namespace

const Scheduler& weighted_round_robin() noexcept {
  static const WeightedRoundRobin scheduler;
  return scheduler;
}

}  // namespace fairway::sched
