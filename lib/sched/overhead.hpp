// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "sched/scheduler.hpp"

namespace fairway::sched {

/// What the kernel's least-connection kinds compare: an active connection counts as 256 inactive ones.
inline std::uint64_t overhead(const service::Loads& loads, service::ServerId id) noexcept {
  return 256 * std::uint64_t{loads.active(id)} + loads.inactive(id);
}

/// What sed and nq compare: the connections that the server would have with this one.
inline std::uint64_t expected_overhead(const service::Loads& loads, service::ServerId id) noexcept {
  return std::uint64_t{loads.active(id)} + 1;
}

}  // namespace fairway::sched
