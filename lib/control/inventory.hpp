// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <vector>

#include "config/configuration.hpp"
#include "control/sync_daemon.hpp"
#include "service/marks.hpp"
#include "service/settings.hpp"
#include "service/spec.hpp"

namespace fairway::control {

/// All that commands make, as one value: what a file asks for, what a journal holds, what a director has.
struct Inventory {
  service::Settings settings{};
  std::vector<service::MarkRule> marks{};        // the first that matches counts
  std::vector<service::ServiceSpec> services{};  // in the order of adding, as their servers are
  SyncDaemons sync_daemons{};

  bool operator==(const Inventory&) const = default;
};

/// What a file asks for.
Inventory inventory_of(const config::Configuration& configuration);

}  // namespace fairway::control
