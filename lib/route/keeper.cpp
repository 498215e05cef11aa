// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/keeper.hpp"

#include <utility>

namespace fairway::route {

void Keeper::keep(Wishes wishes) {
  for (const auto& [key, mac] : wishes_) {
    if (wishes.contains(key)) continue;
    missing_.erase(key);
    refused_.erase(key);
    // It fails where the kernel has dropped the neighbour, or its link, by itself.
    static_cast<void>(table_.delete_neighbour(key));
  }
  for (const auto& [key, mac] : wishes) {
    const auto before = wishes_.find(key);
    if (before == wishes_.end() || before->second != mac) missing_.insert(key);
  }
  wishes_ = std::move(wishes);
}

void Keeper::ask(const NeighbourKey& key, base::Stamp now) {
  if (keeps(key) || asked_.contains(key) || asked_.size() >= most_asked) return;
  if (table_.enter_neighbour(key, NeighbourUse::once)) asked_.emplace(key, now);
}

void Keeper::on_event(const NeighbourEvent& event) {
  const auto& [key, neighbour] = event.entry;
  if (event.gone && keeps(key)) missing_.insert(key);
  if (event.gone || neighbour.mac || neighbour.state == NeighbourState::failed) asked_.erase(key);
}

void Keeper::on_resync(const KernelState& kernel) {
  for (const auto& [key, mac] : wishes_)
    if (!is_fulfilled(kernel, key)) missing_.insert(key);
}

/// True if the kernel has the neighbour as it is wished for.
bool Keeper::is_fulfilled(const KernelState& kernel, const NeighbourKey& key) const {
  const auto found = kernel.neighbours.find(key);
  if (found == kernel.neighbours.end()) return false;
  const auto& mac = wishes_.at(key);
  return mac ? found->second == Neighbour{.mac = mac, .state = NeighbourState::permanent} : found->second.managed;
}

void Keeper::enter_missing() {
  for (const NeighbourKey& key : std::exchange(missing_, {})) {
    const auto entered = enter(key, wishes_.at(key));
    if (entered)
      refused_.erase(key);
    else if (refused_.insert(key).second)
      complain_("the kernel does not take the neighbour " + net::to_string(key.address) + ": " +
                entered.error().message);
  }
}

base::Result<void> Keeper::enter(const NeighbourKey& key, const std::optional<net::MacAddress>& mac) {
  if (mac) return table_.enter_neighbour(key, NeighbourUse::permanent, *mac);
  if (kernel_manages_.value_or(true)) return enter_managed(key);
  return table_.enter_neighbour(key, NeighbourUse::once);
}

/// An old kernel passes over the flag that it does not know, or refuses it: the first neighbour shows which kind it is.
base::Result<void> Keeper::enter_managed(const NeighbourKey& key) {
  const auto entered = table_.enter_neighbour(key, NeighbourUse::managed);
  if (kernel_manages_) return entered;
  if (entered)
    if (const auto neighbour = table_.neighbour(key)) kernel_manages_ = neighbour->managed;
  if (entered && kernel_manages_.value_or(true)) return entered;
  const auto asked = table_.enter_neighbour(key, NeighbourUse::once);
  if (asked) kernel_manages_ = false;
  return asked;
}

void Keeper::on_timer(const KernelState& kernel, base::Stamp now) {
  std::erase_if(asked_, [=](const auto& asked) { return base::elapsed(asked.second, now) >= answer_time; });
  if (base::elapsed(last_retry_, now) >= retry_interval) {
    last_retry_ = now;
    missing_.insert(refused_.begin(), refused_.end());
  }
  if (base::elapsed(last_ask_, now) >= ask_interval) {
    last_ask_ = now;
    on_resync(kernel);
  }
  enter_missing();
}

}  // namespace fairway::route
