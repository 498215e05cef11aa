// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace fairway::base {

/// A number that names one kind of thing, so that a server's id cannot be passed where a service's is wanted.
template <class Tag, class Number = std::uint32_t>
struct Id {
  Number value = 0;

  constexpr auto operator<=>(const Id&) const = default;
};

}  // namespace fairway::base

template <class Tag, class Number>
struct std::hash<fairway::base::Id<Tag, Number>> {
  std::size_t operator()(fairway::base::Id<Tag, Number> id) const noexcept { return std::hash<Number>{}(id.value); }
};
