// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>
#include <string>

#include "fairway-bench/deck.hpp"
#include "fairway-bench/flows.hpp"
#include "forward/burst.hpp"

namespace fairway::bench {

struct Options {
  std::string mode = "dr";
  Plan plan{.flows = 100'000};
  FrameSizes sizes;
  std::uint32_t burst = forward::burst_size;
  std::uint32_t handed_over = 0;  // per cent of the packets that come to another worker than their own
  bool threads = false;           // workers on a core each, not in turn on one
  std::uint32_t new_share = 10;   // per cent of mixed packets that open a connection
  std::uint32_t rounds = 40;
  bool json = false;
  bool progress = false;
  bool instructions = false;  // counted by callgrind
  std::string hugepages = "auto";
  std::optional<unsigned> cpu;

  bool is_of_established() const { return mode == "dr" || mode == "nat" || mode == "tun"; }
};

/// Reads the command line; where that is wrong, or only asks for help, the status to exit with is returned instead.
std::optional<int> parse(int argc, char** argv, Options& options);

}  // namespace fairway::bench
