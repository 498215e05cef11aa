// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>

#include "sched/least.hpp"

/// What lblc and lblcr have in common.
namespace fairway::sched {

/// A server that takes over from an overburdened one: it has less than half of its weight in active connections. Whether
/// it takes connections does not count here, as in the kernel.
inline bool is_at_leisure(const service::Loads& loads, const Member& member) noexcept {
  return 2 * std::uint64_t{loads.active(member.id)} < member.weight;
}

class LocalityView : public LeastView<ByOverheadAndWeight> {
 public:
  explicit LocalityView(std::uint32_t size) : LeastView(size), leisure_(size) {}

  void assign(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    LeastView::assign(place, member, loads);
    leisure_.assign(place, is_at_leisure(loads, member) ? 0 : Least::nothing);
  }
  void seal() noexcept {
    LeastView::seal();
    leisure_.seal();
  }
  void set(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    LeastView::set(place, member, loads);
    leisure_.set(place, is_at_leisure(loads, member) ? 0 : Least::nothing);
  }

  bool has_any_at_leisure() const noexcept { return leisure_.root() == 0; }
  std::uint32_t first_at_leisure() const noexcept { return leisure_.first(); }

 private:
  LeastTree leisure_;
};

// In what follows `tracked` is null where a choice looks at all servers; `View` is a LocalityView.

template <class View>
bool is_any_at_leisure(const Question& question, Tracked<View>* tracked) noexcept {
  if (!tracked) {
    const auto& servers = question.service.servers;
    return std::any_of(servers.begin(), servers.end(), [&](const service::Server& server) {
      return is_at_leisure(question.loads, {server.id, server.weight});
    });
  }
  // Others may have kept it busy since.
  while (tracked->view().has_any_at_leisure()) {
    const std::uint32_t place = tracked->view().first_at_leisure();
    tracked->look_at(place, question);
    if (tracked->view().has_any_at_leisure() && tracked->view().first_at_leisure() == place) return true;
  }
  return false;
}

/// A destination leaves its server when that one has more active connections than its weight while another has less than
/// half of its own.
template <class View>
bool should_leave(const Question& question, const service::Server& server, Tracked<View>* tracked) noexcept {
  return question.loads.active(server.id) > server.weight && is_any_at_leisure(question, tracked);
}

/// The server that wlc would choose.
template <class View>
const service::Server* least_loaded(const Question& question, Tracked<View>* tracked) noexcept {
  return tracked ? tracked_least<ByOverheadAndWeight>(*tracked, question)
                 : walk_for_least<ByOverheadAndWeight>(question);
}

}  // namespace fairway::sched
