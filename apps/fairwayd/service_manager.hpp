// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

namespace fairway::daemon {

/// Tells the service manager, if there is one (sd_notify(3)). Without libsystemd it does nothing.
void notify_ready(const std::string& status);
void notify_stopping();

}  // namespace fairway::daemon
