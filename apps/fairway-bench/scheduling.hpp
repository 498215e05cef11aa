// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "fairway-bench/options.hpp"

namespace fairway::bench {

/// Real servers of the service that is measured.
constexpr std::array<std::uint32_t, 4> scheduling_sizes{2, 64, 1024, 4096};

/// Nanoseconds per new connection, best of some rounds.
struct SchedulingCost {
  /// The choice, and what counting the connection, its first change and the end of another one costs for the choice's sake.
  double choice = 0;
  /// A SYN's whole way through the pipeline: all stages, its connection opened, the packet rewritten.
  double connection = 0;
};

struct SchedulerFigures {
  std::string_view scheduler;
  std::array<SchedulingCost, scheduling_sizes.size()> costs;  // by scheduling_sizes

  double choice_ratio() const { return costs.back().choice / costs.front().choice; }
  double connection_ratio() const { return costs.back().connection / costs.front().connection; }
};

/// Every scheduler among as many servers of mixed weights, 8,192 connections being open. Runs on a worker's thread. Errors:
/// no memory; a connection that nobody takes.
base::Result<std::vector<SchedulerFigures>> measure_scheduling(const Options& options);

/// Bytes of EAL's memory that it needs.
std::size_t memory_for_scheduling();

}  // namespace fairway::bench
