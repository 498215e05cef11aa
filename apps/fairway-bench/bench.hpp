// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "base/result.hpp"
#include "fairway-bench/lines.hpp"
#include "fairway-bench/options.hpp"
#include "fairway-bench/report.hpp"

namespace fairway::bench {

/// Measures what the options say. Runs on a worker's thread, or with --threads on another one, which has the workers'
/// threads run by `on_all`.
base::Result<Report> run(const Options& options, bool hugepages, RunOnAll on_all = {});

/// EAL's memory that it needs.
std::size_t megabytes_for(const Options& options, bool hugepages);

}  // namespace fairway::bench
