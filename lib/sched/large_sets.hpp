// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <bit>
#include <vector>

#include "sched/locality.hpp"

/// Trees for those of lblcr's sets that are large and often asked for, so that the least burdened of thousands of members is
/// found without a walk.
namespace fairway::sched {

/// All servers, and which of them have changed lately, for the trees to follow.
class ReplicationView : public LocalityView {
 public:
  explicit ReplicationView(std::uint32_t size) : LocalityView(size), changed_(std::bit_ceil(std::max(size / 8, 16u))) {}

  /// All may have changed, which is more than is remembered.
  void seal() noexcept {
    LocalityView::seal();
    changes_ += changed_.size() + 1;
  }
  void set(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    const std::uint64_t before = value(place);
    LocalityView::set(place, member, loads);
    if (value(place) != before) changed_[changes_++ % changed_.size()] = place;
  }

  /// How often anything has changed.
  std::uint64_t changes() const noexcept { return changes_; }
  /// Calls `f(place)` for all changes since there were so many. False: they are not remembered.
  template <class F>
  bool for_each_since(std::uint64_t change, F&& f) const noexcept {
    if (changes_ - change > changed_.size()) return false;
    for (; change != changes_; ++change) f(changed_[change % changed_.size()]);
    return true;
  }

 private:
  std::vector<std::uint32_t> changed_;  // the last places, as many as cost no more to follow than a tree to make
  std::uint64_t changes_ = 0;
};

/// The members of one set by rank, the newest first, with what the view says of each.
class SetTree {
 public:
  explicit SetTree(std::uint32_t servers)
      : tree_(servers), places_(servers), ranks_(servers, nowhere), newest_(servers) {}

  /// Of what version of a set this is the tree; 0: of none.
  std::uint32_t version() const noexcept { return version_; }

  /// `for_each_member(f)` calls `f(place)` for the set's members in the service, the newest first.
  template <class ForEach>
  void make(std::uint32_t version, const ReplicationView& view, ForEach&& for_each_member) noexcept {
    const auto size = static_cast<std::uint32_t>(places_.size());
    std::uint32_t count = 0;
    for_each_member([&](std::uint32_t place) { places_[count++] = place; });
    newest_ = size - count;  // before it is room for newer ones
    std::copy_backward(places_.begin(), places_.begin() + count, places_.end());
    std::fill(ranks_.begin(), ranks_.end(), nowhere);
    for (std::uint32_t rank = 0; rank < newest_; ++rank) tree_.assign(rank, Least::nothing);
    for (std::uint32_t rank = newest_; rank < size; ++rank) ranks_[places_[rank]] = rank;
    version_ = version;
    look_at_all(view);
  }
  void give_up() noexcept { version_ = 0; }
  /// False: too much has changed since the last time.
  bool follow(const ReplicationView& view) noexcept {
    const bool is_remembered = view.for_each_since(seen_, [&](std::uint32_t place) {
      if (has(place)) tree_.set(ranks_[place], view.value(place));
    });
    if (is_remembered) seen_ = view.changes();
    return is_remembered;
  }
  void look_at_all(const ReplicationView& view) noexcept {
    for (std::uint32_t rank = newest_; rank < places_.size(); ++rank) tree_.assign(rank, view.value(places_[rank]));
    tree_.seal();
    seen_ = view.changes();
  }
  bool has(std::uint32_t place) const noexcept { return ranks_[place] != nowhere; }
  /// The set has got a member that it had not.
  void add(std::uint32_t place, const ReplicationView& view, std::uint32_t version) noexcept {
    ranks_[place] = --newest_;
    places_[newest_] = place;
    tree_.set(newest_, view.value(place));
    version_ = version;
  }

  bool has_any() const noexcept { return tree_.root() != Least::nothing; }
  std::uint32_t first() const noexcept { return places_[tree_.first()]; }
  std::uint32_t next_equal(std::uint32_t place) const noexcept {
    const std::uint32_t rank = ranks_[place], next = tree_.next(rank + 1, tree_.get(rank));
    return next == nowhere ? nowhere : places_[next];
  }

 private:
  LeastTree tree_;                     // by rank
  std::vector<std::uint32_t> places_;  // by rank
  std::vector<std::uint32_t> ranks_;   // by place; nowhere: no member
  std::uint32_t newest_;               // its rank
  std::uint32_t version_ = 0;
  std::uint64_t seen_ = 0;  // changes of the view
};

/// The trees of one worker and one version of a service. All memory is taken when it is made, 17 bytes a server and tree.
class alignas(64) LargeSets {
 public:
  static constexpr std::size_t most = 4;

  explicit LargeSets(std::uint32_t servers) : servers_(servers) {
    trees_.reserve(most);
    while (trees_.size() < most) trees_.emplace_back(servers);
  }

  /// The tree of this version of a set, up to date; null if there is none. One that has not been asked for while much
  /// has changed is given up.
  SetTree* find(std::uint32_t version, const ReplicationView& view) noexcept {
    for (SetTree& tree : trees_) {
      if (tree.version() != version) continue;
      if (tree.follow(view)) return &tree;
      tree.give_up();
    }
    return nullptr;
  }
  /// A set of so many members is about to be walked through. Where such walks have cost a few times what making a tree
  /// costs, one to be made for this set instead; else null.
  SetTree* instead_of_walk(std::uint32_t members) noexcept {
    constexpr std::uint64_t walks_for_a_tree = 4;
    walked_ += members;
    if (walked_ < walks_for_a_tree * servers_) return nullptr;
    walked_ = 0;
    next_ = (next_ + 1) % most;
    return &trees_[next_];
  }

 private:
  std::vector<SetTree> trees_;
  std::uint32_t servers_;
  std::size_t next_ = 0;      // the one that was made last
  std::uint64_t walked_ = 0;  // members, since
};

}  // namespace fairway::sched
