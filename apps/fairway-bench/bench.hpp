// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

#include "base/result.hpp"
#include "fairway-bench/options.hpp"

namespace fairway::bench {

/// Measures what the options say, and tells it in the form that they say. Runs on a worker's thread.
base::Result<std::string> run(const Options& options, bool hugepages);

/// EAL's memory that it needs.
std::size_t megabytes_for(const Options& options, bool hugepages);

}  // namespace fairway::bench
