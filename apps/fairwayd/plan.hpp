// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <vector>

#include "base/result.hpp"
#include "config/configuration.hpp"
#include "dpdk/eal.hpp"
#include "dpdk/pool.hpp"
#include "worker/runtime.hpp"

namespace fairway::daemon {

/// What a configuration needs of the machine.
struct Plan {
  dpdk::EalSettings eal;
  dpdk::PoolSettings pool;
  worker::RuntimeSettings runtime;
  worker::TableMemory tables;  // bytes, for the log
};

/// Decides on CPUs, pages and memory. Errors: CPUs or hugepages that are not there, one line each.
base::Result<Plan> make_plan(const config::Configuration& configuration);

}  // namespace fairway::daemon
