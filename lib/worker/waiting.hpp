// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>

#include "base/time.hpp"
#include "net/packet.hpp"

namespace fairway::worker {

/// Packets, unchanged, whose next hop is being asked for: at most three for one neighbour, and none for longer than the
/// kernel tries (three seconds). They go through the pipeline anew when something of the routes has changed.
class Waiting {
 public:
  static constexpr std::uint32_t most = 64, most_for_one = 3, longest = 3000;  // packets, packets, milliseconds

  enum class Kept : std::uint8_t { first, another, no };

  Kept keep(void* packet, net::PortId port, const net::Address& neighbour, base::Stamp now) noexcept {
    std::uint32_t same = 0;
    for (std::uint32_t i = 0; i < count_; ++i) same += held_[i].neighbour == neighbour ? 1 : 0;
    if (count_ == most || same == most_for_one) return Kept::no;
    held_[count_++] = {.packet = packet, .port = port, .neighbour = neighbour, .since = now};
    return same == 0 ? Kept::first : Kept::another;
  }

  /// Calls `f(packet, port)` with all of them; they are the caller's then.
  template <class F>
  void take_all(F&& f) noexcept {
    const std::uint32_t count = count_;
    count_ = 0;
    const auto held = held_;
    for (std::uint32_t i = 0; i < count; ++i) f(held[i].packet, held[i].port);
  }

  /// Calls `f(packet)` with those that have waited too long; they are the caller's then.
  template <class F>
  void take_late(base::Stamp now, F&& f) noexcept {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (base::elapsed(held_[i].since, now) >= longest)
        f(held_[i].packet);
      else
        held_[kept++] = held_[i];
    }
    count_ = kept;
  }

  bool empty() const noexcept { return count_ == 0; }

 private:
  struct Held {
    void* packet = nullptr;
    net::PortId port;
    net::Address neighbour;
    base::Stamp since;
  };
  std::array<Held, most> held_;
  std::uint32_t count_ = 0;
};

}  // namespace fairway::worker
