// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayd/service_manager.hpp"

#if FAIRWAY_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

namespace fairway::daemon {

void notify_ready([[maybe_unused]] const std::string& status) {
#if FAIRWAY_HAVE_SYSTEMD
  sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());
#endif
}

void notify_stopping() {
#if FAIRWAY_HAVE_SYSTEMD
  sd_notify(0, "STOPPING=1");
#endif
}

}  // namespace fairway::daemon
