// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>

#include "sched/peers.hpp"
#include "sched/registry.hpp"

/// Round robin: the next server in the list whose weight is not zero.
namespace fairway::sched {
namespace {

struct State final : WalkerState {
  std::size_t place = 0;  // one more than the index of the last choice; 0: before the first server
};

std::size_t place_of(const service::Service& service, service::ServerId id) noexcept {
  for (std::size_t i = 0; i < service.servers.size(); ++i)
    if (service.servers[i].id == id) return i + 1;
  return 0;
}

class RoundRobin final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "rr"; }
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
    const auto& servers = question.service.servers;
    auto& state = static_cast<State&>(*question.service.life->states[question.worker]);
    if (question.service.life->states.size() > 1) skip(state, question);
    if (!step(state, question)) return nullptr;
    state.opened.add(1);
    return &servers[state.place - 1];
  }

 private:
  static bool step(State& state, const Question& question) noexcept {
    const auto& servers = question.service.servers;
    for (std::size_t tried = 0; tried < servers.size(); ++tried) {
      state.place = state.place >= servers.size() ? 1 : state.place + 1;
      if (takes_connections(question.loads, servers[state.place - 1])) return true;
    }
    return false;
  }

  static void skip(State& state, const Question& question) noexcept {
    const auto& servers = question.service.servers;
    const auto count = static_cast<std::uint64_t>(std::count_if(
        servers.begin(), servers.end(), [&](const auto& server) { return takes_connections(question.loads, server); }));
    if (count == 0) return;
    for (std::uint64_t steps = opened_by_others(state, question) % count; steps > 0; --steps) step(state, question);
  }
};

}  // namespace

const Scheduler& round_robin() noexcept {
  static const RoundRobin scheduler;
  return scheduler;
}

}  // namespace fairway::sched
