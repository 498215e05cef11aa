// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/settings.hpp"

#include <string>

namespace fairway::service {

base::Result<void> check(const SettingInfo& setting, std::uint32_t value) {
  if (value >= setting.low && value <= setting.high) return {};
  return base::Error{std::string(setting.name) + ": " + std::to_string(value) + " is out of range " +
                     std::to_string(setting.low) + ".." + std::to_string(setting.high)};
}

}  // namespace fairway::service
