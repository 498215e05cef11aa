// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <vector>

#include "sched/scheduler.hpp"
#include "sched/tree.hpp"

namespace fairway::sched {

/// What of a server decides whether it is chosen, apart from its counts.
struct Member {
  service::ServerId id;
  std::uint32_t weight;
};

inline bool takes_connections(const service::Loads& loads, const Member& member) noexcept {
  return member.weight > 0 && !loads.is_overloaded(member.id);
}

/// How one worker sees the servers of one version of a service, kept up to date by what has changed, so that a choice
/// costs much the same among thousands as among a few. What this worker has counted it sees at once; what the others
/// count it sees of the server that it is about to choose, and of a few more at each choice, one after the other.
///
/// `View` says what is kept of each server: `assign(place, member, loads)` for all and then `seal()`, or `set` for one.
/// `View::follows_counts` is false where only overload matters.
///
/// Made by control with all memory that it will ever need; used by its worker only, from its first choice of this version on.
template <class View>
class alignas(64) Tracked {
 public:
  explicit Tracked(const std::vector<service::Server>& servers) : view_(static_cast<std::uint32_t>(servers.size())) {
    members_.reserve(servers.size());
    for (const service::Server& server : servers) members_.push_back({server.id, server.weight});
  }

  const View& view() const noexcept { return view_; }
  const Member& member(std::uint32_t place) const noexcept { return members_[place]; }

  /// Before each choice. False: there is no slot left to be told of changes.
  bool update(const Question& question) noexcept {
    if (!is_built_) return build(question);
    if (!is_told_) return true;
    const bool is_whole = question.watch->drain(slot(question), [&](service::ServerId id, std::uint32_t place) {
      if (place < members_.size() && members_[place].id == id) look_at(place, question);
    });
    if (!is_whole) look_at_all(question);
    if (question.loads.are_of_several_workers()) look_at_some(question);
    return true;
  }
  /// As it is now, whoever has changed it.
  void look_at(std::uint32_t place, const Question& question) noexcept {
    view_.set(place, members_[place], question.loads);
  }
  void look_at_all(const Question& question) noexcept {
    for (std::uint32_t place = 0; place < members_.size(); ++place)
      view_.assign(place, members_[place], question.loads);
    view_.seal();
    looked_at_all_ = question.now;
  }
  /// Where nobody is left to be chosen: others may have made room. Once a millisecond, so that a flood gains nothing.
  bool look_again(const Question& question) noexcept {
    if (!is_told_ || looked_at_all_ == question.now) return false;
    look_at_all(question);
    return true;
  }

 private:
  static std::uint32_t& slot(const Question& question) noexcept {
    return question.service.life->states[question.worker]->watch_slot;
  }

  bool build(const Question& question) noexcept {
    is_told_ = View::follows_counts;
    for (const Member& member : members_) is_told_ |= question.loads.is_limited(member.id);
    if (is_told_) {
      std::uint32_t& its = slot(question);
      if (its == 0) its = question.watch->take();
      if (its == 0) return false;
      question.watch->clear(its);
      for (std::uint32_t place = 0; place < members_.size(); ++place)
        question.watch->put(members_[place].id, its, place);
    }
    look_at_all(question);
    return is_built_ = true;
  }
  void look_at_some(const Question& question) noexcept {
    constexpr std::uint32_t some = 4;
    for (std::uint32_t i = 0; i < some; ++i) {
      look_at(next_, question);
      next_ = next_ + 1 < members_.size() ? next_ + 1 : 0;
    }
  }

  View view_;
  std::vector<Member> members_;
  bool is_built_ = false;
  bool is_told_ = false;  // of changes, by the worker's Watch
  std::uint32_t next_ = 0;
  base::Stamp looked_at_all_;
};

/// One for each worker, where there are so many servers that it pays.
template <class View>
struct TrackedTable : service::SchedulerTable {
  explicit TrackedTable(const service::Service& service) {
    if (service.servers.size() <= service::most_walked || !service.life) return;
    const std::size_t workers = service.life->states.size();
    by_worker.reserve(workers);
    while (by_worker.size() < workers) by_worker.emplace_back(service.servers);
  }

  mutable std::vector<Tracked<View>> by_worker;  // each written by its worker only
};

/// The asking worker's view, up to date; null where it must look at all servers. `Table` is, or is derived from, a
/// TrackedTable, and the service's table is one.
template <class Table>
auto* track(const Question& question) noexcept {
  auto& all = static_cast<const Table&>(*question.service.table).by_worker;
  auto* its = question.worker < all.size() && question.watch ? &all[question.worker] : nullptr;
  return its && its->update(question) ? its : nullptr;
}

}  // namespace fairway::sched
