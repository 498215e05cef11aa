// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/job.hpp"

#include <nlohmann/json.hpp>

namespace fairway::control {

// What a message quotes need not be UTF-8.
std::string error_body(const std::string& message) {
  return nlohmann::json{{"error", message}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace fairway::control
