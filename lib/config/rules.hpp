// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/draft.hpp"
#include "config/problem.hpp"

/// Rules that hold between values. Where a value could not be read, rules about it say nothing more.
namespace fairway::config {

/// Whether a scheduler's name is in the registry.
using KnownScheduler = bool (*)(std::string_view);

void check_director(const Draft& draft, Problems& problems);
void check_ports(const Draft& draft, Problems& problems);
void check_marks(const Draft& draft, Problems& problems);
void check_services(const Draft& draft, KnownScheduler known_scheduler, Problems& problems);
/// What differs from the configuration that a director runs on, and cannot be changed while it does.
void check_running(const Draft& draft, const Configuration& running, Problems& problems);

/// What is doubtful, but may be meant. For a draft without problems.
void find_doubts(const Draft& draft, Problems& warnings);

/// Things of which a file may hold one each: where they stood first.
class Claims {
 public:
  /// Reports a problem at `mark` if this has been claimed already. `what` names the thing, and is how messages call it.
  void claim(const std::string& what, Mark mark, Problems& problems);

 private:
  std::map<std::string, Mark> first_;
};

}  // namespace fairway::config
