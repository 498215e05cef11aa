// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>
#include <vector>

#include "control/command.hpp"

namespace fairway::ctl {

/// A command in the words of fairwayctl, as `apply` takes them: a line each, a service with its servers being several. What
/// has no words here is a comment.
std::vector<std::string> lines_of(const control::Command& command);

}  // namespace fairway::ctl
