// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "sched/destination_cache.hpp"
#include "sched/large_sets.hpp"
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
  std::uint32_t version = 0;  // another one, of all sets, with each change
  Link first = none;          // the newest member
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
  /// False: there is no room.
  bool add(Set& set, service::ServerId id, base::Stamp now) noexcept {
    if (is_full()) return false;
    const Link link = free_;
    free_ = next(link);
    members_[link] = {.id = id, .next = set.first};
    set.first = link;
    ++set.size;
    note_change(set, now);
    return true;
  }
  void remove(Set& set, Link link, base::Stamp now) noexcept {
    Link* place = &set.first;
    while (*place != link) place = &members_[*place].next;
    *place = next(link);
    members_[link].next = free_;
    free_ = link;
    --set.size;
    note_change(set, now);
  }
  void clear(Set& set) noexcept {
    while (set.first != none) remove(set, set.first, set.changed);
  }

 private:
  struct Member {
    service::ServerId id;
    Link next;
  };

  void note_change(Set& set, base::Stamp now) noexcept {
    set.changed = now;
    set.version = ++version_ != 0 ? version_ : ++version_;
  }

  std::unique_ptr<Member[]> members_;
  Link free_ = 0;
  std::uint32_t version_ = 0;
};

struct Table final : TrackedTable<ReplicationView> {
  explicit Table(const service::Service& service) : TrackedTable(service) {
    large_sets.reserve(by_worker.size());
    while (large_sets.size() < by_worker.size())
      large_sets.emplace_back(static_cast<std::uint32_t>(service.servers.size()));
  }

  mutable std::vector<LargeSets> large_sets;  // each written by its worker only
};

struct State final : service::SchedulerState {
  DestinationCache<Set> destinations;
  Members members;
};

/// The member with the least overhead for its weight of those that take connections, the newest on a tie.
const service::Server* walk_for_least(const Set& set, const Members& members, const Question& question) noexcept {
  const service::Server* best = nullptr;
  Fraction least{0, 0};
  for (Link link = set.first; link != none; link = members.next(link)) {
    const service::Server* server = question.service.find(members.id(link));
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
    const service::Server* server = question.service.find(members.id(link));
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
    return std::make_unique<Table>(service);
  }
  std::unique_ptr<service::SchedulerState> state() const override { return std::make_unique<State>(); }

  const service::Server* pick(const Question& question) const noexcept override {
    auto& state = static_cast<State&>(*question.service.life->states[question.worker]);
    DestinationCache<Set>& destinations = state.destinations;
    Members& members = state.members;
    const auto forget = [&](Set& set) { members.clear(set); };
    const std::uint64_t destination = destination_key(question.packet);
    Tracked<ReplicationView>* tracked = track<Table>(question);
    destinations.advance(question.now, question.settings.lblcr_expiration, forget);
    Set* set = destinations.find(destination, question.now);
    SetTree* tree = nullptr;
    if (set) {
      tree = tree_of(*set, members, tracked, question);
      const service::Server* server = least_of(*set, members, tree, tracked, question);
      shrink(*set, members, question);
      if (server && !should_leave(question, *server, tracked)) return server;
    }
    const service::Server* server = least_loaded(question, tracked);
    if (!server) return nullptr;
    if (!set) {
      while (members.is_full()) destinations.make_room(question.now, forget);
      set = &destinations.insert(destination, question.now, forget);
    }
    extend(*set, *server, members, tree && tree->version() == set->version ? tree : nullptr, question);
    return server;
  }

 private:
  /// Null if there is none: the set is small, or not asked for so often.
  static SetTree* tree_of(const Set& set, const Members& members, Tracked<ReplicationView>* tracked,
                          const Question& question) noexcept {
    if (!tracked || set.size <= service::most_walked) return nullptr;
    LargeSets& large_sets = static_cast<const Table&>(*question.service.table).large_sets[question.worker];
    if (SetTree* tree = large_sets.find(set.version, tracked->view())) return tree;
    SetTree* tree = large_sets.instead_of_walk(set.size);
    if (!tree) return nullptr;
    tree->make(set.version, tracked->view(), [&](auto&& f) {
      for (Link link = set.first; link != none; link = members.next(link))
        if (const service::Server* server = question.service.find(members.id(link)))
          f(static_cast<std::uint32_t>(server - question.service.servers.data()));
    });
    return tree;
  }
  static const service::Server* least_of(const Set& set, const Members& members, SetTree* tree,
                                         Tracked<ReplicationView>* tracked, const Question& question) noexcept {
    if (!tree) return walk_for_least(set, members, question);
    struct OfSet {
      SetTree& tree;
      const ReplicationView& view;
      bool has_any() const noexcept { return tree.has_any(); }
      std::uint32_t first() const noexcept { return tree.first(); }
      std::uint32_t next_equal(std::uint32_t place) const noexcept { return tree.next_equal(place); }
      void follow() noexcept {
        if (!tree.follow(view)) tree.look_at_all(view);
      }
    };
    return tracked_least<ByOverheadAndWeight>(*tracked, OfSet{*tree, tracked->view()}, question);
  }
  /// The set gets a member, if that is not one yet.
  static void extend(Set& set, const service::Server& server, Members& members, SetTree* tree,
                     const Question& question) noexcept {
    const auto place = static_cast<std::uint32_t>(&server - question.service.servers.data());
    if (tree ? tree->has(place) : members.contains(set, server.id)) return;
    const bool is_added = members.add(set, server.id, question.now);
    if (is_added && tree)
      tree->add(place, static_cast<const Table&>(*question.service.table).by_worker[question.worker].view(),
                set.version);
  }
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
