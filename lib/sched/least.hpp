// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <bit>

#include "sched/overhead.hpp"
#include "sched/tracked.hpp"

/// The server with the least of something, the first in the list on a tie. What is compared are fractions, by
/// cross-multiplication as in the kernel: no rounding decides.
namespace fairway::sched {

__extension__ using Wide = unsigned __int128;

struct Fraction {
  std::uint64_t numerator;    // below 2^53
  std::uint64_t denominator;  // below 2^32; 0: the server is not to be chosen

  bool exists() const noexcept { return denominator != 0; }
};

inline bool is_less(const Fraction& a, const Fraction& b) noexcept {
  return static_cast<Wide>(a.numerator) * b.denominator < static_cast<Wide>(b.numerator) * a.denominator;
}

/// An Order says by `of(loads, member)` what is compared; it is asked only for servers that take connections. Unless it
/// `divides`, all its denominators are 1; unless it `follows_counts`, it goes by weights alone.
template <class Order>
Fraction fraction_of(const service::Loads& loads, const Member& member) noexcept {
  return takes_connections(loads, member) ? Order::of(loads, member) : Fraction{0, 0};
}

template <class Order>
const service::Server* walk_for_least(const Question& question) noexcept {
  const service::Server* best = nullptr;
  Fraction least{0, 0};
  for (const service::Server& server : question.service.servers) {
    const Fraction its = fraction_of<Order>(question.loads, {server.id, server.weight});
    if (!its.exists() || (best && !is_less(its, least))) continue;
    best = &server;
    least = its;
  }
  return best;
}

/// Fractions as doubles, which keep their order but may make neighbours equal, as the numbers that these have in memory.
template <class Order>
class LeastView {
 public:
  static constexpr bool follows_counts = Order::follows_counts;

  explicit LeastView(std::uint32_t size) : tree_(size) {}

  void assign(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    tree_.assign(place, value_of(member, loads));
    largest_weight_ = std::max(largest_weight_, member.weight);
  }
  void seal() noexcept { tree_.seal(); }
  void set(std::uint32_t place, const Member& member, const service::Loads& loads) noexcept {
    tree_.set(place, value_of(member, loads));
  }

  bool has_any() const noexcept { return tree_.root() != Least::nothing; }
  std::uint32_t first() const noexcept { return tree_.first(); }
  std::uint64_t value(std::uint32_t place) const noexcept { return tree_.get(place); }
  std::uint32_t next_equal(std::uint32_t place) const noexcept { return tree_.next(place + 1, tree_.get(place)); }
  /// Whether another fraction, not equal, may be the same double: they differ by one in numerator times weight at least.
  bool is_exact(const Fraction& fraction) const noexcept {
    return !Order::divides || static_cast<Wide>(fraction.numerator) * largest_weight_ < std::uint64_t{1} << 52;
  }

 private:
  static std::uint64_t value_of(const Member& member, const service::Loads& loads) noexcept {
    const Fraction fraction = fraction_of<Order>(loads, member);
    if (!fraction.exists()) return Least::nothing;
    return std::bit_cast<std::uint64_t>(static_cast<double>(fraction.numerator) /
                                        static_cast<double>(fraction.denominator));
  }

  LeastTree tree_;
  std::uint32_t largest_weight_ = 1;
};

/// Of places that the view holds for equal, the least in truth.
template <class Order, class View, class Candidates>
std::uint32_t settle(const Tracked<View>& tracked, const Candidates& among, std::uint32_t place,
                     const service::Loads& loads) noexcept {
  Fraction least = fraction_of<Order>(loads, tracked.member(place));
  const LeastView<Order>& view = tracked.view();
  if (view.is_exact(least)) return place;
  std::uint32_t best = place;
  for (place = among.next_equal(place); place != nowhere; place = among.next_equal(place)) {
    const Fraction its = fraction_of<Order>(loads, tracked.member(place));
    if (!its.exists() || !is_less(its, least)) continue;
    best = place;
    least = its;
  }
  return best;
}

/// Candidates are all servers of a view, or some of them that follow it. Of those, a server that looks best is looked at
/// once more: others may have chosen it since.
template <class Order, class View, class Candidates>
const service::Server* tracked_least(Tracked<View>& tracked, Candidates&& among, const Question& question) noexcept {
  const LeastView<Order>& view = tracked.view();
  const auto& servers = question.service.servers;
  constexpr int most_corrections = 64;
  for (int i = 0; i < most_corrections; ++i) {
    if (!among.has_any()) {
      if (!tracked.look_again(question)) return nullptr;
      among.follow();
      if (!among.has_any()) return nullptr;
    }
    const std::uint32_t place = among.first();
    const std::uint64_t before = view.value(place);
    tracked.look_at(place, question);
    if (view.value(place) == before) return &servers[settle<Order>(tracked, among, place, question.loads)];
    among.follow();
  }
  tracked.look_at_all(question);
  among.follow();
  return among.has_any() ? &servers[among.first()] : nullptr;
}

template <class Order, class View>
const service::Server* tracked_least(Tracked<View>& tracked, const Question& question) noexcept {
  struct All {
    const LeastView<Order>& view;
    bool has_any() const noexcept { return view.has_any(); }
    std::uint32_t first() const noexcept { return view.first(); }
    std::uint32_t next_equal(std::uint32_t place) const noexcept { return view.next_equal(place); }
    void follow() const noexcept {}
  };
  return tracked_least<Order>(tracked, All{tracked.view()}, question);
}

/// The table of a scheduler that is nothing but an order.
template <class Order>
using LeastTable = TrackedTable<LeastView<Order>>;

template <class Order>
const service::Server* least(const Question& question) noexcept {
  auto* tracked = track<LeastTable<Order>>(question);
  return tracked ? tracked_least<Order>(*tracked, question) : walk_for_least<Order>(question);
}

/// Less for a heavier server.
constexpr std::uint64_t lightness(std::uint32_t weight) noexcept { return (std::uint64_t{1} << 32) - weight; }

/// Least connections for the weight: wlc's order, by which lblc and lblcr choose too.
struct ByOverheadAndWeight {
  static constexpr bool follows_counts = true, divides = true;
  static Fraction of(const service::Loads& loads, const Member& member) noexcept {
    return {overhead(loads, member.id), member.weight};
  }
};

}  // namespace fairway::sched
