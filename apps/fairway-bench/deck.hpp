// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dpdk/pool.hpp"
#include "net/tuple.hpp"

namespace fairway::bench {

/// Bytes of frames on the wire with their checksums, as testers count (RFC 2544): all of one size, or the simple Internet
/// mix.
class FrameSizes {
 public:
  static constexpr std::uint16_t least = 64, most = 1518;

  explicit FrameSizes(std::uint16_t all = least) { sizes_.fill(all); }
  static FrameSizes imix();

  std::uint16_t of(std::uint32_t packet) const { return sizes_[packet % sizes_.size()]; }
  double mean() const;
  bool is_mixed() const { return sizes_.front() != sizes_.back(); }

 private:
  std::array<std::uint16_t, 12> sizes_;
};

/// The packets of all rounds: the same buffers each time, written anew before each.
class Deck {
 public:
  static constexpr std::uint32_t size = 16'384;
  static dpdk::PoolSettings pool_settings();

  static base::Result<Deck> create(const FrameSizes& sizes);

  /// Writes the head of a whole TCP packet that came in by this port, and resets what the last round changed. What follows
  /// the headers stays what it is.
  dpdk::Packet& write(std::uint32_t i, const net::Tuple4& tuple, std::uint8_t tcp_flags, net::PortId port);

  dpdk::Packet** packets() { return packets_.data(); }

 private:
  Deck(dpdk::Pool pool, const FrameSizes& sizes) : pool_(std::move(pool)), packets_(size), sizes_(sizes) {}

  dpdk::Pool pool_;
  std::vector<dpdk::Packet*> packets_;
  FrameSizes sizes_;
};

/// The director's port that packets come in by, in the deck's frames.
extern const net::MacAddress director_mac;

}  // namespace fairway::bench
