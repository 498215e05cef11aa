// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/context.hpp"

namespace fairway::forward {

/// Reads the headers of every packet. What is broken is dropped by name; what is not unicast TCP or UDP over IPv4 to one of
/// the port's MAC addresses goes to the kernel; what stays undecided has its tuple filled.
void parse(Burst& burst, const Context& context) noexcept;

}  // namespace fairway::forward
