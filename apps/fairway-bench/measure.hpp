// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "fairway-bench/options.hpp"

#include "base/result.hpp"

namespace fairway::bench {

/// Nanoseconds per packet over some rounds.
class Timing {
 public:
  void add(double nanoseconds) {
    best_ = std::min(best_, nanoseconds);
    sum_ += nanoseconds;
    ++rounds_;
  }
  double best() const { return best_; }
  double mean() const { return rounds_ ? sum_ / rounds_ : 0; }

 private:
  double best_ = std::numeric_limits<double>::infinity();
  double sum_ = 0;
  unsigned rounds_ = 0;
};

/// What the packets of a round are.
enum class Traffic { to_server, to_client, alternating };

struct Figure {
  Traffic traffic;
  Timing timing;
};

struct Figures {
  Timing floor;
  std::vector<Figure> pipeline;  // the last one stands for all
};

/// Opens the flows, then times rounds of them and of the floor in turn. Runs on the worker's thread. Errors: no memory; a
/// packet that was not transmitted.
base::Result<Figures> measure(const Plan& plan, std::uint32_t rounds);

/// Bytes of EAL's memory that measure() needs.
std::size_t memory_for(const Plan& plan);

}  // namespace fairway::bench
