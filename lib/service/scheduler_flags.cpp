// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/scheduler_flags.hpp"

#include <algorithm>

namespace fairway::service {

std::optional<SchedulerFlag> parse_scheduler_flag(std::string_view name) {
  for (const SchedulerFlagInfo& info : scheduler_flags)
    if (info.name == name) return info.flag;
  return std::nullopt;
}

std::string to_string(SchedulerFlags flags) {
  std::string text;
  for (const SchedulerFlagInfo& info : scheduler_flags) {
    if (!flags.has(info.flag)) continue;
    if (!text.empty()) text += ',';
    text += info.name;
  }
  return text;
}

std::optional<SchedulerFlags> parse_scheduler_flags(std::string_view list) {
  SchedulerFlags flags;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const auto flag = parse_scheduler_flag(list.substr(0, end));
    if (!flag) return std::nullopt;
    flags.add(*flag);
    list.remove_prefix(end);
    if (list == ",") return std::nullopt;
    list.remove_prefix(std::min<std::size_t>(list.size(), 1));
  }
  return flags;
}

}  // namespace fairway::service
