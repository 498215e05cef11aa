// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/rules.hpp"

namespace fairway::config {
namespace {

using Rule = Placed<service::MarkRule>;

void refuse_what_is_not_built(const Rule& placed, Problems& problems) {
  for (const auto& [key, network] :
       {std::pair("source", placed.value.source), {"destination", placed.value.destination}})
    if (network && !network->address.is_v4())
      problems.add(placed.mark_of(key), std::string(key) + ": marks of IPv6 packets are not built yet");
}

}  // namespace

void check_marks(const Draft& draft, Problems& problems) {
  Claims claims;
  for (const Rule& placed : draft.marks) {
    if (!placed.unread.empty()) continue;
    claims.claim("the rule " + service::to_string(placed.value), placed.node->mark, problems);
    for (const service::Problem& problem : service::check(placed.value))
      problems.add(placed.mark_of(problem.key), std::string(problem.key) + ": " + problem.message);
    refuse_what_is_not_built(placed, problems);
  }
  if (draft.marks.size() > service::most_mark_rules)
    problems.add(draft.marks[service::most_mark_rules].node->mark,
                 "marks: more than " + std::to_string(service::most_mark_rules) + " rules");
}

}  // namespace fairway::config
