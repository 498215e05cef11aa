// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>
#include <numeric>

#include "sched/least.hpp"
#include "sched/peers.hpp"
#include "sched/registry.hpp"

/// Weighted round robin, interleaved: each pass through the list takes the servers whose weight reaches a level, and the
/// level sinks by the weights' greatest common divisor from pass to pass.
namespace fairway::sched {
namespace {

/// What the weights say, one server after the other.
struct Levels {
  std::int64_t divisor = 0, most = 0;

  void add(const service::Server& server) noexcept {
    divisor = std::gcd(divisor, std::int64_t{server.weight});
    most = std::max(most, std::int64_t{server.weight});
  }
  /// From one level to the next.
  std::int64_t step() const noexcept { return std::max<std::int64_t>(divisor, 1); }
  /// Where a round begins; 0: nobody takes connections.
  std::int64_t highest() const noexcept { return most - (step() - 1); }
};

Levels levels_of(const service::Service& service) noexcept {
  Levels levels;
  for (const service::Server& server : service.servers) levels.add(server);
  return levels;
}

struct State final : WalkerState {
  std::uint32_t place = 0;  // one more than the index of the last choice; 0: before the first server
  std::int64_t level = 0;
  Levels levels;
  std::uint64_t behind = 0;  // steps that the others have made and this worker has not followed yet
};

/// Every server that takes connections, the heavier the less.
class View {
 public:
  static constexpr bool follows_counts = false;

  explicit View(std::uint32_t size) : tree_(size) {}

  void assign(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    tree_.assign(place, value_of(member, loads));
  }
  void seal() noexcept { tree_.seal(); }
  void set(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    tree_.set(place, value_of(member, loads));
  }

  bool takes(std::uint32_t place) const noexcept { return tree_.get(place) != Least::nothing; }
  /// 0 if nobody takes connections.
  std::int64_t most() const noexcept {
    return tree_.root() == Least::nothing ? 0 : static_cast<std::int64_t>(lightness(0) - tree_.root());
  }
  /// The first from this place on that is so heavy at least.
  std::uint32_t next(std::uint32_t place, std::int64_t weight) const noexcept {
    return tree_.next(place, lightness(static_cast<std::uint32_t>(weight)));
  }

 private:
  static std::uint64_t value_of(const Member& member, const service::Loads& loads) noexcept {
    return takes_connections(loads, member) ? lightness(member.weight) : Least::nothing;
  }

  LeastTree tree_;
};

struct Table final : TrackedTable<View> {
  explicit Table(const service::Service& service) : TrackedTable(service), levels(levels_of(service)) {}

  Levels levels;
};

/// Among few.
class WalkedServers {
 public:
  explicit WalkedServers(const Question& question) : question_(question) {}

  std::int64_t most() const noexcept {
    std::int64_t most = 0;
    for (const service::Server& server : question_.service.servers)
      if (takes_connections(question_.loads, server)) most = std::max(most, std::int64_t{server.weight});
    return most;
  }
  std::uint32_t next(std::uint32_t place, std::int64_t weight) const noexcept {
    const auto& servers = question_.service.servers;
    for (; place < servers.size(); ++place)
      if (servers[place].weight >= weight && takes_connections(question_.loads, servers[place])) return place;
    return nowhere;
  }

 private:
  const Question& question_;
};

/// Among many.
class TrackedServers {
 public:
  TrackedServers(Tracked<View>& tracked, const Question& question) : tracked_(tracked), question_(question) {}

  std::int64_t most() noexcept {
    if (tracked_.view().most() == 0) tracked_.look_again(question_);
    return tracked_.view().most();
  }
  std::uint32_t next(std::uint32_t place, std::int64_t weight) noexcept {
    for (;;) {
      place = tracked_.view().next(place, weight);
      if (place == nowhere) return nowhere;
      tracked_.look_at(place, question_);
      if (tracked_.view().takes(place)) return place;
    }
  }

 private:
  Tracked<View>& tracked_;
  const Question& question_;
};

void begin_round(State& state) noexcept {
  state.level -= state.levels.step();
  if (state.level <= 0) state.level = state.levels.highest();
  state.place = 0;
}

/// Nobody takes connections. The kernel sees that after a last pass with the lowest level, and stays where that ends.
void give_up(State& state) noexcept {
  const bool ends_at_head = state.place == 0 || state.level > state.levels.step();
  if (ends_at_head) state.place = 0;
  state.level = ends_at_head ? state.levels.highest() : (state.levels.highest() - 1) % state.levels.step() + 1;
}

/// On to the next server; false if there is none. The kernel makes a pass for each level; those that nobody's weight
/// reaches are left out here.
template <class Servers>
bool step(State& state, Servers& servers) noexcept {
  std::uint32_t found = servers.next(state.place, state.level);
  while (found == nowhere) {
    const std::int64_t most = servers.most();
    if (most == 0) {
      give_up(state);
      return false;
    }
    begin_round(state);
    const std::int64_t beyond = state.level - most, passes = (beyond + state.levels.step() - 1) / state.levels.step();
    if (beyond > 0) state.level -= passes * state.levels.step();
    if (state.level <= 0) return false;  // the levels are not those of these servers
    found = servers.next(0, state.level);
  }
  state.place = found + 1;
  return true;
}

/// What the kernel does at each change of the list. That the level survives it, rounded, sets the phase of what follows.
void adapt(State& state, const Levels& levels) noexcept {
  state.levels = levels;
  state.place = 0;
  if (state.level > levels.highest() || state.level == 0)
    state.level = levels.highest();
  else if (levels.step() > 1)
    state.level = state.level / levels.step() * levels.step() + 1;
}

class WeightedRoundRobin final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "wrr"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<Table>(service);
  }
  std::unique_ptr<service::SchedulerState> state() const override { return std::make_unique<State>(); }

  void added(service::SchedulerState& base, const service::Service& service) const noexcept override {
    auto& state = static_cast<State&>(base);
    Levels levels;
    for (auto server = service.servers.rbegin(); server != service.servers.rend(); ++server) {
      levels.add(*server);
      adapt(state, levels);
    }
  }

  void chosen(service::SchedulerState& base, const service::Service& service) const noexcept override {
    auto& state = static_cast<State&>(base);
    state.levels = levels_of(service);
    state.level = state.levels.highest();
    state.place = 0;
  }

  void changed(service::SchedulerState& base, const service::Service&,
               const service::Service& after) const noexcept override {
    adapt(static_cast<State&>(base), static_cast<const Table&>(*after.table).levels);
  }

  const service::Server* pick(const Question& question) const noexcept override {
    if (Tracked<View>* tracked = track<Table>(question)) {
      TrackedServers servers(*tracked, question);
      return pick_of(servers, question);
    }
    WalkedServers servers(question);
    return pick_of(servers, question);
  }

 private:
  template <class Servers>
  static const service::Server* pick_of(Servers& servers, const Question& question) noexcept {
    auto& state = static_cast<State&>(*question.service.life->states[question.worker]);
    const Levels& levels = static_cast<const Table&>(*question.service.table).levels;
    // The levels may be those of a version before, whose change this worker has not been told of yet.
    if (levels.step() != state.levels.step() || levels.most != state.levels.most) adapt(state, levels);
    if (levels.highest() <= 0) return nullptr;
    if (question.service.life->states.size() > 1) {
      // Who has not opened for long catches up over the next choices. Far behind, he would only be so in another phase.
      constexpr std::uint64_t most_steps = 64, most_behind = 4096;
      state.behind = std::min(state.behind + opened_by_others(state, question), most_behind);
      for (auto steps = std::min(state.behind, most_steps); steps > 0; --steps, --state.behind) step(state, servers);
    }
    if (!step(state, servers)) return nullptr;
    state.opened.add(1);
    return &question.service.servers[state.place - 1];
  }
};

}  // namespace

const Scheduler& weighted_round_robin() noexcept {
  static const WeightedRoundRobin scheduler;
  return scheduler;
}

}  // namespace fairway::sched
