// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "config/configuration.hpp"
#include "control/http/reports.hpp"
#include "dpdk/port.hpp"
#include "worker/lane.hpp"

namespace fairway::daemon {

/// A port as `fairwayctl show ports` shows it. `twin` is null if it has none.
control::http::PortReport report_of(const config::Port& settings, const dpdk::Port& port, const worker::Twin* twin);

}  // namespace fairway::daemon
