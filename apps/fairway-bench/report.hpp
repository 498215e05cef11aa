// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

#include "fairway-bench/collisions.hpp"
#include "fairway-bench/measure.hpp"
#include "fairway-bench/options.hpp"
#include "fairway-bench/scheduling.hpp"

/// Results as text: a table for people, or one line of JSON.
namespace fairway::bench {

std::string table(const Options& options, bool hugepages, const Figures& figures);
std::string table(const Collisions& collisions);
std::string json_line(const Options& options, bool hugepages, const Figures& figures);
std::string json_line(const Options& options, const Collisions& collisions);
std::string table(const Options& options, bool hugepages, const std::vector<SchedulerFigures>& schedulers);
std::string json_line(const Options& options, bool hugepages, const std::vector<SchedulerFigures>& schedulers);

}  // namespace fairway::bench
