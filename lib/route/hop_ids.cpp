// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/hop_ids.hpp"

namespace fairway::route {

NextHopId HopIds::get(const HopKey& key) {
  const auto [place, is_new] = ids_.try_emplace(key);
  if (!is_new) return place->second;
  if (free_.empty()) {
    place->second = NextHopId{end()};
    entries_.emplace_back();
  } else {
    place->second = free_.front();
    free_.pop_front();
  }
  entries_[place->second.value].key = key;
  return place->second;
}

void HopIds::note_use(NextHopId id, bool used, base::Stamp now) {
  Entry& entry = entries_[id.value];
  if (!entry.key) return;
  if (used) {
    entry.unused_since.reset();
  } else if (!entry.unused_since) {
    entry.unused_since = now;
  } else if (base::elapsed(*entry.unused_since, now) >= rest) {
    ids_.erase(*entry.key);
    entry = {};
    free_.push_back(id);
  }
}

}  // namespace fairway::route
