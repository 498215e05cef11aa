// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <vector>

#include "control/command.hpp"
#include "control/inventory.hpp"

namespace fairway::control {

/// The commands that make `after` of `before`, field by field: what is alike is not touched, so that connections to servers
/// that are in both go on. A service gets its new servers before it loses old ones. The order of services, and of
/// the servers of one, is not looked at.
std::vector<Command> difference(const Inventory& before, const Inventory& after);

}  // namespace fairway::control
