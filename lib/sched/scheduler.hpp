// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <string_view>

#include "base/time.hpp"
#include "net/packet.hpp"
#include "service/lines.hpp"
#include "service/service.hpp"
#include "service/settings.hpp"
#include "service/watch.hpp"

namespace fairway::sched {

inline constexpr service::Settings default_settings{};

/// All that a choice may depend on.
struct Question {
  const service::Service& service;
  unsigned worker;                // who asks: its state is service.life->states[worker]
  const service::Loads& loads;    // connections of each server, over all workers
  const net::PacketView& packet;  // the one that opens the connection, parsed
  base::Stamp now{};
  std::uint64_t random = 0;  // drawn for this question
  const service::Settings& settings = default_settings;
  service::Watch* watch = nullptr;  // the worker's; null: every choice looks at all servers
};

/// How a service's new connections are shared out. One object a kind, without state of its own: what is derived from a
/// service is its table (made by control), what is remembered between choices is a state (one a worker and service).
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  virtual std::string_view name() const noexcept = 0;
  virtual std::unique_ptr<service::SchedulerTable> table(const service::Service&) const { return nullptr; }
  virtual std::unique_ptr<service::SchedulerState> state() const { return std::make_unique<service::SchedulerState>(); }

  // How a state begins; control calls one of these before any worker can see it.
  /// The service came into being with its servers, as if they had been added one by one, the last in the list first.
  virtual void added(service::SchedulerState&, const service::Service&) const noexcept {}
  /// The service has had its servers, and was edited to have this scheduler.
  virtual void chosen(service::SchedulerState&, const service::Service&) const noexcept {}
  /// Servers were added, edited or deleted. The worker whose state it is calls it between two bursts, for every version
  /// in turn; it may have chosen from `after` already.
  virtual void changed(service::SchedulerState&, const service::Service& /*before*/,
                       const service::Service& /*after*/) const noexcept {}

  /// The server for a new connection; null if none can take it. Runs on the data path.
  virtual const service::Server* pick(const Question& question) const noexcept = 0;
};

/// May get new connections at all. The one place that says so, for what is configured and for what is counted.
inline bool takes_connections(const service::Loads& loads, const service::Server& server) noexcept {
  return server.weight > 0 && !loads.is_overloaded(server.id);
}

}  // namespace fairway::sched
