// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/destination_cache.hpp"
#include "sched/locality.hpp"
#include "sched/registry.hpp"

/// Locality-based least connection with replication: as lblc, but a destination has a set of servers, of which the one with
/// the least overhead for its weight serves. The set grows by one when that one is overburdened, and shrinks by one when
/// it has not changed for a day, or what the setting says.
namespace fairway::sched {
namespace {

using Link = std::uint16_t;
constexpr Link none = 0xffff;

struct Set {
  base::Stamp changed;
  Link first = none;  // the newest member
  std::uint16_t size = 0;
};

/// Room for the members of all sets of one worker and service: 64 Ki, two a destination where all are remembered; 0.5 MB.
class Members {
 public:
  static constexpr std::uint32_t capacity = none;

  Members() : members_(std::make_unique<Member[]>(capacity)) {
    for (std::uint32_t i = 0; i < capacity; ++i) members_[i].next = static_cast<Link>(i + 1);
  }

  service::ServerId id(Link link) const noexcept { return members_[link].id; }
  Link next(Link link) const noexcept { return members_[link].next; }
  bool is_full() const noexcept { return free_ == none; }

  bool contains(const Set& set, service::ServerId id) const noexcept {
    for (Link link = set.first; link != none; link = next(link))
      if (members_[link].id == id) return true;
    return false;
  }
  /// Does nothing where there is no room.
  void add(Set& set, service::ServerId id, base::Stamp now) noexcept {
    if (is_full()) return;
    const Link link = free_;
    free_ = next(link);
    members_[link] = {.id = id, .next = set.first};
    set = {.changed = now, .first = link, .size = static_cast<std::uint16_t>(set.size + 1)};
  }
  void remove(Set& set, Link link, base::Stamp now) noexcept {
    Link* place = &set.first;
    while (*place != link) place = &members_[*place].next;
    *place = next(link);
    members_[link].next = free_;
    free_ = link;
    --set.size;
    set.changed = now;
  }
  void clear(Set& set) noexcept {
    while (set.first != none) remove(set, set.first, set.changed);
  }

 private:
  struct Member {
    service::ServerId id;
    Link next;
  };

  std::unique_ptr<Member[]> members_;
  Link free_ = 0;
};

struct State final : service::SchedulerState {
  DestinationCache<Set> destinations;
  Members members;
};

/// The member with the least overhead for its weight of those that take connections, the newest on a tie.
const service::Server* least_of(const Set& set, const Members& members, const Question& question) noexcept {
  const service::Server* best = nullptr;
  Fraction least{0, 0};
  for (Link link = set.first; link != none; link = members.next(link)) {
    const service::Server* server = find_server(question.service, members.id(link));
    if (!server || !takes_connections(question.loads, *server)) continue;
    const Fraction its{overhead(question.loads, server->id), server->weight};
    if (best && !is_less(its, least)) continue;
    best = server;
    least = its;
  }
  return best;
}

/// The member that can best be spared: one that has left the service, else the one with the most overhead for its weight,
/// the newest on a tie; none if all weights are 0. (The kernel compares servers that left by what they had, and may so
/// spare the only one that is of use.)
Link most_of(const Set& set, const Members& members, const Question& question) noexcept {
  Link found = none;
  Fraction most{0, 0};
  for (Link link = set.first; link != none; link = members.next(link)) {
    const service::Server* server = find_server(question.service, members.id(link));
    if (!server) return link;
    if (server->weight == 0) continue;
    const Fraction its{overhead(question.loads, server->id), server->weight};
    if (most.exists() && !is_less(most, its)) continue;
    found = link;
    most = its;
  }
  return found;
}

class LocalityWithReplication final : public Scheduler {
 public:
  std::string_view name() const noexcept override { return "lblcr"; }
  std::unique_ptr<service::SchedulerTable> table(const service::Service& service) const override {
    return std::make_unique<LocalityTable>(service);
  }
  std::unique_ptr<service::SchedulerState> state() const override { return std::make_unique<State>(); }

  const service::Server* pick(const Question& question) const noexcept override {
    auto& state = static_cast<State&>(*question.service.life->states[question.worker]);
    DestinationCache<Set>& destinations = state.destinations;
    Members& members = state.members;
    const auto forget = [&](Set& set) { members.clear(set); };
    const std::uint64_t destination = destination_key(question.packet);
    LocalityTracked* tracked = track<LocalityTable>(question);
    destinations.advance(question.now, question.settings.lblcr_expiration, forget);
    Set* set = destinations.find(destination, question.now);
    if (set) {
      const service::Server* server = least_of(*set, members, question);
      shrink(*set, members, question);
      if (server && !should_leave(question, *server, tracked)) return server;
    }
    const service::Server* server = least_loaded(question, tracked);
    if (!server) return nullptr;
    if (!set) {
      while (members.is_full()) destinations.make_room(question.now, forget);
      set = &destinations.insert(destination, question.now, forget);
    }
    if (!members.contains(*set, server->id)) members.add(*set, server->id, question.now);
    return server;
  }

 private:
  static void shrink(Set& set, Members& members, const Question& question) noexcept {
    const std::uint32_t unchanged = base::elapsed(set.changed, question.now);
    if (set.size <= 1 || unchanged <= question.settings.lblcr_expiration * 1000) return;
    if (const Link link = most_of(set, members, question); link != none) members.remove(set, link, question.now);
  }
};

}  // namespace

const Scheduler& locality_with_replication() noexcept {
  static const LocalityWithReplication scheduler;
  return scheduler;
}

}  // namespace fairway::sched
