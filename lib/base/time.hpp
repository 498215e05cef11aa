// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

namespace fairway::base {

/// A moment on a worker's clock in milliseconds. It wraps after 49.7 days, so only differences mean anything,
/// and only of moments that lie less than 24 days apart.
struct Stamp {
  std::uint32_t milliseconds = 0;

  constexpr bool operator==(const Stamp&) const = default;
};

/// Milliseconds from `from` to `to`.
constexpr std::uint32_t elapsed(Stamp from, Stamp to) { return to.milliseconds - from.milliseconds; }

constexpr Stamp later(Stamp from, std::uint32_t milliseconds) { return {from.milliseconds + milliseconds}; }

/// True if `moment` is not after `now`.
constexpr bool is_due(Stamp moment, Stamp now) {
  return static_cast<std::int32_t>(now.milliseconds - moment.milliseconds) >= 0;
}

}  // namespace fairway::base
