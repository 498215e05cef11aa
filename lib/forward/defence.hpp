// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>

#include "conn/entry.hpp"
#include "service/settings.hpp"

namespace fairway::forward {

/// What one worker does against floods: the modes of drop_packet, drop_entry and secure_tcp. In mode 1 and 2 each comes on
/// by itself while fewer places than amemthresh are free in the worker's connection table, in mode 3 it is always on. (The
/// kernel writes 2 for 1 while it is on, to be read back; here both mean the same.)
class Defence {
 public:
  /// To be called once a second and when the settings have changed (update_defense_level).
  void update(const service::Settings& settings, std::uint32_t free_places) noexcept;

  /// Whether this packet, which would open a connection, is of the share that is dropped.
  bool drops_packet() noexcept {
    if (drop_rate_ == 0 || --until_drop_ > 0) return false;
    until_drop_ = drop_rate_;
    return true;
  }
  bool drops_entries() const noexcept { return drops_entries_; }
  /// Whether this connection, which chance has chosen, is to end: one that is half open, or that has been idle for a
  /// minute after at most eight packets, the sooner the fewer (ip_vs_random_dropentry).
  bool drops(const conn::Hot& entry, base::Stamp now) noexcept;

  const conn::tcp::Machines& machines() const noexcept { return *machines_; }

 private:
  static constexpr std::uint32_t few_packets = 8;

  bool drops_idle(const conn::Hot& entry, base::Stamp now) noexcept;

  std::int64_t until_drop_ = 0;
  std::int64_t drop_rate_ = 0;  // one packet of so many; 0: none
  bool drops_entries_ = false;
  std::array<std::int8_t, few_packets + 1> until_end_{};  // by packets seen
  const conn::tcp::Machines* machines_ = &conn::tcp::machines;
};

}  // namespace fairway::forward
