// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "base/result.hpp"
#include "config/configuration.hpp"

namespace fairway::daemon {

/// Runs the director until SIGTERM or SIGINT. An error, of one line, means that it could not start; then every device and
/// interface is as it was.
base::Result<void> run(const config::Configuration& configuration);

}  // namespace fairway::daemon
