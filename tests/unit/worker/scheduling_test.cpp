// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/scheduling.hpp"

#include <catch2/catch.hpp>

using namespace fairway;

namespace {

/// Remembers how many servers it was told of, before and after.
struct State : service::SchedulerState {
  std::vector<std::pair<std::size_t, std::size_t>> heard;
};

class Listener final : public sched::Scheduler {
 public:
  std::string_view name() const noexcept override { return "listener"; }
  std::unique_ptr<service::SchedulerState> state() const override { return std::make_unique<State>(); }
  void changed(service::SchedulerState& state, const service::Service& before,
               const service::Service& after) const noexcept override {
    static_cast<State&>(state).heard.emplace_back(before.servers.size(), after.servers.size());
  }
  const service::Server* pick(const sched::Question&) const noexcept override { return nullptr; }
};

struct Fixture {
  Listener scheduler;
  service::ServerLines lines = service::make_server_lines();
  service::Watch watch{lines.get()};
  std::shared_ptr<service::ServiceLife> life = begin_life();

  std::shared_ptr<service::ServiceLife> begin_life() {
    auto one = std::make_shared<service::ServiceLife>();
    for (unsigned worker = 0; worker < 2; ++worker) one->states.push_back(scheduler.state());
    return one;
  }
  service::Service with(std::size_t servers) {
    service::Service version;
    version.scheduler = &scheduler;
    version.servers.resize(servers);
    version.life = life;
    return version;
  }
  State& state(unsigned worker) { return static_cast<State&>(*life->states[worker]); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a worker tells its own state of an edit") {
  const service::Service before = with(3), after = with(2);
  worker::follow({.before = &before, .after = &after}, 1, watch);
  CHECK(state(0).heard.empty());
  CHECK(state(1).heard == std::vector<std::pair<std::size_t, std::size_t>>{{3, 2}});
  worker::follow({}, 1, watch);
  worker::follow({.before = nullptr, .after = &after}, 1, watch);
  CHECK(state(1).heard.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a state that will not be asked again gives its slot back") {
  const service::Service before = with(1);
  const std::uint32_t slot = state(1).watch_slot = watch.take();
  const bool is_deleted = GENERATE(true, false);
  service::Service after = with(1);
  after.life = begin_life();
  worker::follow({.before = &before, .after = is_deleted ? nullptr : &after}, 1, watch);
  CHECK(state(1).heard.empty());
  CHECK(state(1).watch_slot == 0);
  CHECK(watch.take() == slot);
}
