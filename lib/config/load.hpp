// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/configuration.hpp"
#include "config/problem.hpp"
#include "config/rules.hpp"

namespace fairway::config {

/// A configuration, or all that is wrong with the file: never both.
struct Loaded {
  std::optional<Configuration> configuration;
  std::vector<Problem> problems;  // by position
  std::vector<Problem> warnings;  // likewise; only of a configuration without problems
};

/// Reads and checks a whole file. One that cannot be read, is empty or holds no mapping is a problem at 1:1. If a director
/// runs on a configuration already (`running`), what cannot be changed while it does is a problem too.
Loaded load(const std::string& path, KnownScheduler known_scheduler, const Configuration* running = nullptr);

/// The same for a text that is at hand.
Loaded load_text(std::string_view text, KnownScheduler known_scheduler, const Configuration* running = nullptr);

}  // namespace fairway::config
