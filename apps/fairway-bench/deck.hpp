// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <vector>

#include "dpdk/pool.hpp"
#include "net/tuple.hpp"

namespace fairway::bench {

/// The packets of all rounds: the same buffers each time, written anew before each.
class Deck {
 public:
  static constexpr std::uint32_t size = 16'384;
  static dpdk::PoolSettings pool_settings();

  static base::Result<Deck> create();

  /// Writes a whole TCP packet in a frame of 60 bytes that came in by this port, and resets what the last round changed.
  void write(std::uint32_t i, const net::Tuple4& tuple, std::uint8_t tcp_flags, net::PortId port);

  dpdk::Packet** packets() { return packets_.data(); }

 private:
  explicit Deck(dpdk::Pool pool) : pool_(std::move(pool)), packets_(size) {}

  dpdk::Pool pool_;
  std::vector<dpdk::Packet*> packets_;
};

/// The director's port that packets come in by, in the deck's frames.
extern const net::MacAddress director_mac;

}  // namespace fairway::bench
