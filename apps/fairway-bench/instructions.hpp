// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "base/result.hpp"
#include "fairway-bench/report.hpp"

namespace fairway::bench {

/// Runs this program with the same arguments under callgrind, a block of rounds each for the workers and for the floor, and
/// adds what it counted to the facts. Errors: valgrind is not there, or what it says is not understood.
base::Result<void> count_instructions(int argc, char** argv, Report& report);

}  // namespace fairway::bench
