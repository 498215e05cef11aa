// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>
#include <string>

#include "fairway-bench/flows.hpp"

namespace fairway::bench {

enum class Mode { forward, collisions };

struct Options {
  std::string mode = "dr";
  Plan plan{.flows = 100'000};
  std::uint32_t rounds = 40;
  bool json = false;
  std::string hugepages = "auto";
  std::optional<unsigned> cpu;
};

/// Reads the command line; where that is wrong, or only asks for help, the status to exit with is returned instead.
std::optional<int> parse(int argc, char** argv, Options& options);

}  // namespace fairway::bench
