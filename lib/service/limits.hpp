// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <atomic>
#include <cstdint>

#include "base/lazy_array.hpp"
#include "service/service.hpp"

namespace fairway::service {

/// What else workers must know of a server, and need seldom: its connection thresholds, whether it is overloaded (the
/// kernel's IP_VS_DEST_F_OVERLOAD: then it gets no new connections from the scheduler), whether its weight is 0. Shared by
/// all workers, by server id. A server without thresholds costs one load when a connection opens or ends.
class ServerLimits {
 public:
  /// Control only. An upper threshold that is raised or taken away ends the overload; one that is lowered takes effect
  /// with the next connection (__ip_vs_update_dest).
  void set(std::uint32_t upper, std::uint32_t lower) noexcept {
    if (upper == 0 || upper > upper_.load(std::memory_order_relaxed))
      overloaded_.store(false, std::memory_order_relaxed);
    upper_.store(upper, std::memory_order_relaxed);
    lower_.store(lower, std::memory_order_relaxed);
  }
  /// It came back from the trash, or its id means another server now.
  void clear_overload() noexcept { overloaded_.store(false, std::memory_order_relaxed); }

  /// Control only: its weight is 0.
  void set_quiescent(bool quiescent) noexcept { quiescent_.store(quiescent, std::memory_order_relaxed); }
  bool is_quiescent() const noexcept { return quiescent_.load(std::memory_order_relaxed); }

  bool is_overloaded() const noexcept { return overloaded_.load(std::memory_order_relaxed); }
  /// Whether bound() and unbound() have anything to do. A server whose thresholds were taken away while it was overloaded
  /// is not overloaded any more (set), so the upper one alone says it.
  bool has_any() const noexcept {
    return upper_.load(std::memory_order_relaxed) != 0 || lower_.load(std::memory_order_relaxed) != 0;
  }
  std::uint32_t upper() const noexcept { return upper_.load(std::memory_order_relaxed); }
  std::uint32_t lower() const noexcept { return lower_.load(std::memory_order_relaxed); }

  /// Any worker, after it has counted a new connection; `total` is of all workers. A full fence must lie between the
  /// counting and the summing, so that of two workers that count at once at least one sees both.
  void bound(std::uint32_t total) noexcept {
    const std::uint32_t most = upper();
    if (most != 0 && total >= most) overloaded_.store(true, std::memory_order_relaxed);
  }
  /// Any worker, after a connection has ended (ip_vs_unbind_dest). True if that ended the overload.
  bool unbound(std::uint32_t total) noexcept {
    if (!is_overloaded()) return false;
    const std::uint64_t most = upper(), least = lower();
    const bool has_room = least != 0 ? total < least : most == 0 || 4 * std::uint64_t{total} < 3 * most;
    if (has_room) overloaded_.store(false, std::memory_order_relaxed);
    return has_room;
  }

 private:
  std::atomic<std::uint32_t> upper_ = 0;  // control writes; 0: none
  std::atomic<std::uint32_t> lower_ = 0;  // likewise
  std::atomic<bool> overloaded_ = false;  // workers and control write
  std::atomic<bool> quiescent_ = false;   // control writes
};

/// By server id, as large as ids can get.
using AllServerLimits = base::LazyArray<ServerLimits>;
inline AllServerLimits make_server_limits() { return AllServerLimits(max_servers + 1); }

}  // namespace fairway::service
