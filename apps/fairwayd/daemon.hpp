// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

#include "base/result.hpp"
#include "config/configuration.hpp"

namespace fairway::daemon {

/// Runs the director until SIGTERM or SIGINT. `file`: where the configuration was read, and is read again on SIGHUP. An error, of one line, means that it could not start; then every device and
/// interface is as it was.
base::Result<void> run(const config::Configuration& configuration, const std::string& file);

}  // namespace fairway::daemon
