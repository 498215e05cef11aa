// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/time.hpp"
#include "route/kernel.hpp"
#include "route/neighbour_table.hpp"

namespace fairway::route {

/// Sees to it that the kernel has the neighbours that matter, and keeps them resolved: enters them as managed, and again
/// when the kernel has dropped them (it drops all of a link that loses its carrier or goes down). Where the kernel does not
/// manage neighbours (before Linux 5.16) it is asked for each of them every twenty seconds.
class Keeper {
 public:
  /// Neighbours with the MAC that they have for good, or without one: then the kernel finds it.
  using Wishes = std::unordered_map<NeighbourKey, std::optional<net::MacAddress>, NeighbourKeyHash>;
  using Complain = std::function<void(const std::string&)>;

  static constexpr std::uint32_t retry_interval = 1'000, ask_interval = 20'000, answer_time = 10'000;  // milliseconds
  /// Half of what the kernel's neighbour table takes if nobody has told it otherwise (gc_thresh3): the rest is for others.
  static constexpr std::size_t most_asked = 512;

  Keeper(NeighbourTable& table, Complain complain, base::Stamp now)
      : table_(table), complain_(std::move(complain)), last_retry_(now), last_ask_(now) {}

  /// Enters what is new among these, and deletes what was entered and is not wished for any more.
  void keep(Wishes wishes);
  /// Asks for one neighbour for once: a client on the link that packets wait for. It is not kept, and the kernel is asked
  /// again only when this is over; the most that it is asked for at a time is bounded.
  void ask(const NeighbourKey& key, base::Stamp now);

  /// To be told of every neighbour's change. What has to be entered again is entered by the next enter_missing().
  void on_event(const NeighbourEvent& event);
  /// To be told when the state was read anew, events having been lost.
  void on_resync(const KernelState& kernel);
  void enter_missing();
  void on_timer(const KernelState& kernel, base::Stamp now);

  bool keeps(const NeighbourKey& key) const { return wishes_.contains(key); }
  std::size_t asked() const { return asked_.size(); }

 private:
  using Keys = std::unordered_set<NeighbourKey, NeighbourKeyHash>;

  bool is_fulfilled(const KernelState& kernel, const NeighbourKey& key) const;
  base::Result<void> enter(const NeighbourKey& key, const std::optional<net::MacAddress>& mac);
  base::Result<void> enter_managed(const NeighbourKey& key);

  NeighbourTable& table_;
  Complain complain_;
  Wishes wishes_;
  Keys missing_;                                                           // to be entered
  Keys refused_;                                                           // by the kernel; tried again
  std::unordered_map<NeighbourKey, base::Stamp, NeighbourKeyHash> asked_;  // since when
  std::optional<bool> kernel_manages_;                                     // not known before the first one is entered
  base::Stamp last_retry_, last_ask_;
};

}  // namespace fairway::route
