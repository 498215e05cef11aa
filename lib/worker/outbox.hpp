// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>

#include "dpdk/packet.hpp"
#include "dpdk/ring.hpp"
#include "forward/burst.hpp"

namespace fairway::worker {

/// Packets collected for one place, so that they leave in bursts.
class Outbox {
 public:
  static constexpr std::uint32_t size = forward::burst_size;

  bool empty() const noexcept { return count_ == 0; }
  /// True: it is full now.
  bool add(dpdk::Packet& packet) noexcept {
    const std::uint32_t place = count_;
    packets_[place] = &packet;
    count_ = place + 1;
    return place + 1 == size;
  }

  /// Calls `send(packets, count)`, which sends or frees them all and returns how many it had to free; so does this.
  template <class F>
  std::uint32_t flush(F&& send) noexcept {
    const std::uint32_t refused = send(packets_.data(), count_);
    count_ = 0;
    return refused;
  }

 private:
  std::array<dpdk::Packet*, size> packets_;
  std::uint32_t count_ = 0;
};

/// Sends packets to another thread; those that its ring has no room for are freed. Returns their number.
inline std::uint32_t put(dpdk::Ring& ring, dpdk::Packet** packets, std::uint32_t count) noexcept {
  const std::uint32_t taken = ring.enqueue(packets, count);
  if (taken < count) dpdk::free(packets + taken, count - taken);
  return count - taken;
}

}  // namespace fairway::worker
