// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/destination_cache.hpp"
#include "sched/locality.hpp"
#include "sched/registry.hpp"

/// Locality-based least connection: a destination stays with its server as long as that one is not overburdened; else, and
/// at first, as wlc. For services of many addresses, such as transparent caches. Every worker remembers destinations of its
/// own, so that one destination may be with as many servers as there are workers.
namespace fairway::sched {
namespace {

using Table = TrackedTable<LocalityView>;

struct State final : service::SchedulerState {
  DestinationCache<service::ServerId> destinations;
};

class LocalityLeastConnection final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "lblc"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<Table>(service);
  }
  std::unique_ptr<service::SchedulerState> state() const override { return std::make_unique<State>(); }

  const service::Server* pick(const Question& question) const noexcept override {
    constexpr auto forget = [](service::ServerId) {};
    auto& destinations = static_cast<State&>(*question.service.life->states[question.worker]).destinations;
    const std::uint64_t destination = destination_key(question.packet);
    Tracked<LocalityView>* tracked = track<Table>(question);
    destinations.advance(question.now, question.settings.lblc_expiration, forget);
    service::ServerId* known = destinations.find(destination, question.now);
    if (known) {
      // That it takes no connections for being full does not count here, as in the kernel.
      const service::Server* server = question.service.find(*known);
      if (server && server->weight > 0 && !should_leave(question, *server, tracked)) return server;
    }
    const service::Server* server = least_loaded(question, tracked);
    if (!server) return nullptr;
    if (!known) known = &destinations.insert(destination, question.now, forget);
    *known = server->id;
    return server;
  }
};

}  // namespace

const Scheduler& locality_least_connection() noexcept {
  static const LocalityLeastConnection scheduler;
  return scheduler;
}

}  // namespace fairway::sched
