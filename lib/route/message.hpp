// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>

#include "route/kernel.hpp"

struct nlmsghdr;

namespace fairway::route {

/// One rtnetlink message as a value. Nothing for what the director does not heed: tables of an administrator's own, routes
/// for a type of service or a source, broadcast, multicast and proxy neighbours, bridges.
std::optional<Event> parse_message(const nlmsghdr& message);

}  // namespace fairway::route
