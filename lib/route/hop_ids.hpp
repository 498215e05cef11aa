// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "route/layout.hpp"
#include "route/snapshot.hpp"

namespace fairway::route {

/// Who receives the frames of a next hop.
struct Target {
  Segment segment;
  net::Address neighbour;

  auto operator<=>(const Target&) const = default;
};

struct TargetHash {
  std::size_t operator()(const Target& target) const noexcept {
    return std::hash<net::Address>{}(target.neighbour) ^
           (std::size_t{target.segment.port.value} << 16 | target.segment.vlan) * 0x9e3779b97f4a7c15u;
  }
};

/// What makes two next hops different. Two routes by one gateway with different MTUs or sources have two.
struct HopKey {
  Target target;
  std::uint16_t mtu = 0;                 // as the route by this gateway says; 0: the link's
  std::optional<net::Address> source{};  // likewise; none: by the segment's addresses

  bool operator==(const HopKey&) const = default;
};

/// Gives each next hop its id and keeps it. Connections hold ids for as long as they live, and a client's neighbour comes
/// and goes, so an id is given to another only after an hour in which nothing was known of its neighbour: a connection
/// that is still used asks for it long before.
class HopIds {
 public:
  static constexpr std::uint32_t rest = 3'600'000;  // milliseconds

  /// The id of this next hop, a new one if it has none.
  NextHopId get(const HopKey& key);
  /// Nothing if the id is unused.
  const std::optional<HopKey>& key(NextHopId id) const { return entries_[id.value].key; }
  /// All ids ever given lie below this.
  std::uint32_t end() const { return static_cast<std::uint32_t>(entries_.size()); }
  /// To be told of every id each time: whether anything is known of its neighbour.
  void note_use(NextHopId id, bool used, base::Stamp now);

 private:
  struct KeyHash {
    std::size_t operator()(const HopKey& key) const noexcept { return TargetHash{}(key.target) + key.mtu; }
  };
  struct Entry {
    std::optional<HopKey> key;
    std::optional<base::Stamp> unused_since;
  };

  std::vector<Entry> entries_{Entry{}};  // [0] is no next hop
  std::unordered_map<HopKey, NextHopId, KeyHash> ids_;
  std::deque<NextHopId> free_;
};

}  // namespace fairway::route
