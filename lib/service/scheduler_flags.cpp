// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/scheduler_flags.hpp"

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

}  // namespace fairway::service
