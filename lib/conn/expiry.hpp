// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "base/time.hpp"

namespace fairway::conn {

/// Whole seconds that are left of a timeout of `seconds` since `last_used`. One that has begun to pass is none, as in
/// the kernel's list of connections.
constexpr std::uint32_t seconds_left(base::Stamp last_used, std::uint32_t seconds, base::Stamp now) {
  const std::uint64_t end = std::uint64_t{seconds} * 1000, gone = base::elapsed(last_used, now);
  return gone < end ? static_cast<std::uint32_t>((end - gone) / 1000) : 0;
}

}  // namespace fairway::conn
