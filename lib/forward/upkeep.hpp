// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>

#include "forward/context.hpp"

namespace fairway::forward {

/// The timeouts of these settings; the other states keep theirs (`ipvsadm --set` sets no more).
inline conn::Timeouts timeouts_of(const service::Settings& settings) noexcept {
  conn::Timeouts timeouts;
  const auto set = [&](conn::State state, std::uint32_t seconds) {
    timeouts.seconds[static_cast<std::size_t>(state)] = seconds;
  };
  set(conn::State::established, settings.tcp_timeout);
  set(conn::State::fin_wait, settings.tcp_fin_timeout);
  set(conn::State::udp, settings.udp_timeout);
  return timeouts;
}

/// What a worker does beside packets, in slices: it follows the settings, and ends connections as drop_entry and
/// expire_nodest_conn want.
class Upkeep {
 public:
  /// A server was deleted: with expire_nodest_conn its connections are looked for.
  void server_deleted() noexcept { orphans_from_ = 0; }

  /// Once a loop, between two bursts; looks at `budget` connections at most. True if there is more to do.
  template <class Connections>
  bool run(Connections& connections, Context& context, std::uint32_t budget) noexcept {
    const service::Settings& settings = context.services.settings();
    if (&settings != settings_ || base::elapsed(last_, context.now) >= second)
      begin_second(settings, connections, context);
    const bool more = end_at_random(connections, context, budget);
    return end_orphans(settings, connections, context, budget) || more;
  }

 private:
  static constexpr std::uint32_t second = 1000;
  static constexpr std::uint32_t part = 32;  // drop_entry: one of so many places is looked at in a second
  static constexpr std::uint32_t none = 0xffffffffu;

  template <class Connections>
  void begin_second(const service::Settings& settings, Connections& connections, Context& context) noexcept {
    settings_ = &settings;
    last_ = context.now;
    connections.use_timeouts(timeouts_of(settings));
    context.defence.update(settings, connections.free_places());
    at_random_ = context.defence.drops_entries() ? std::max<std::uint32_t>(1, connections.capacity() / part) : 0;
  }

  template <class Connections>
  bool end_at_random(Connections& connections, Context& context, std::uint32_t budget) noexcept {
    for (; at_random_ > 0 && budget > 0; --at_random_, --budget) {
      const auto slot = static_cast<std::uint32_t>(context.random.below(connections.capacity()));
      const conn::Hot& entry = connections.hot(slot);
      if (entry.has(conn::Hot::live) && context.defence.drops(entry, context.now)) connections.give_up(slot);
    }
    return at_random_ > 0;
  }

  template <class Connections>
  bool end_orphans(const service::Settings& settings, Connections& connections, const Context& context,
                   std::uint32_t budget) noexcept {
    if (orphans_from_ == none) return false;
    if (settings.expire_nodest_conn == 0) orphans_from_ = connections.capacity();
    for (; orphans_from_ < connections.capacity() && budget > 0; ++orphans_from_, --budget) {
      const conn::Hot& entry = connections.hot(orphans_from_);
      if (entry.has(conn::Hot::live) && !context.statuses[entry.server_id.value].get().available)
        connections.expire(orphans_from_);
    }
    if (orphans_from_ < connections.capacity()) return true;
    orphans_from_ = none;
    return false;
  }

  const service::Settings* settings_ = nullptr;  // followed; compared only, it may be gone
  base::Stamp last_;                             // when the second began
  std::uint32_t at_random_ = 0;                  // places still to be looked at in this second
  std::uint32_t orphans_from_ = none;            // slots from here on may hold connections of deleted servers
};

}  // namespace fairway::forward
