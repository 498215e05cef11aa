// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <sched.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dpdk/eal.hpp"

namespace fairway::tests {

/// CPUs that this process might use before DPDK pinned its threads.
inline int usable_cpus = 0;

/// DPDK without hugepages, PCI devices or root, with one worker on the last CPU: started by the first test that asks.
inline dpdk::Eal& eal() {
  static std::vector<std::string> log;
  static dpdk::Eal started = [] {
    cpu_set_t mask;
    sched_getaffinity(0, sizeof mask, &mask);
    usable_cpus = CPU_COUNT(&mask);
    unsigned last = CPU_SETSIZE - 1;
    while (last > 0 && !CPU_ISSET(last, &mask)) --last;
    dpdk::EalSettings settings;
    settings.worker_cpus = {last};
    settings.memory_megabytes = 256;
    settings.file_prefix = "fairway-test";
    auto result = dpdk::Eal::start(settings, [](dpdk::Severity, std::string_view line) { log.emplace_back(line); });
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  }();
  return started;
}

}  // namespace fairway::tests
