// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "fairway-bench/setup.hpp"

namespace fairway::bench {

/// Flows whose first SYN is all that ever comes of them: the connections are half-open and run out after a minute of the
/// bench's time, which goes so fast that a given number of them is there.
class Newcomers {
 public:
  /// `first`: number of the first flow, behind those that others use.
  Newcomers(Setup& setup, std::uint32_t first, std::uint32_t there) : setup_(setup), first_(first), there_(there) {}

  void put(std::uint32_t i) {
    setup_.put_syn(i, first_ + next_);
    next_ = (next_ + 1) % flows;
  }
  /// Time goes on by what a loop with so many of them takes.
  void hurry(double newcomers_a_loop) { setup_.lines().keep_time(newcomers_a_loop * life_microseconds / there_); }
  /// Until as many are there as will be.
  base::Result<void> fill_up();

 private:
  static constexpr double life_microseconds = 60e6;  // of a connection that has seen a SYN
  static constexpr std::uint32_t flows = 1u << 28;   // then their numbers come again

  Setup& setup_;
  std::uint32_t first_, there_;
  std::uint32_t next_ = 0;
};

/// Opens and ends connections so that free places of the table lie in no order, as they do after hours of traffic.
base::Result<void> scatter_places(Setup& setup);

}  // namespace fairway::bench
