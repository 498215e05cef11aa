// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>

#include "control/ipvs/request.hpp"
#include "control/sync_daemon.hpp"

namespace fairway::control::ipvs {

/// IP_VS_STATE_* as a role, and back. Nothing if it is none.
std::optional<SyncRole> role_of(std::uint32_t state);
std::uint32_t state_of(SyncRole role);

/// What is asked for, with what the kernel takes where nothing is said.
struct WantedDaemon {
  SyncDaemon daemon;
  int error = 0;  // EINVAL something is missing, EEXIST it runs already, ENODEV there is no such interface
};
WantedDaemon wanted(const DaemonFields& fields, const SyncDaemons& running);

}  // namespace fairway::control::ipvs
