// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/marks.hpp"

#include <algorithm>

namespace fairway::service {

bool MarkRule::matches(const net::Tuple4& tuple) const noexcept {
  return (!protocol || *protocol == tuple.protocol) && (!source || source->contains(tuple.source)) &&
         (!destination || destination->contains(tuple.destination)) && source_ports.contains(tuple.source_port) &&
         destination_ports.contains(tuple.destination_port);
}

std::uint32_t MarkRules::mark_of(const net::Tuple4& tuple) const noexcept {
  const auto found =
      std::find_if(rules_.begin(), rules_.end(), [&](const MarkRule& rule) { return rule.matches(tuple); });
  return found == rules_.end() ? 0 : found->mark;
}

}  // namespace fairway::service
