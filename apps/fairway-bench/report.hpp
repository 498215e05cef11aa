// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "fairway-bench/measure.hpp"

namespace fairway::bench {

void print_table(const Options& options, bool hugepages, const Figures& figures);
/// One line.
void print_json(const Options& options, bool hugepages, const Figures& figures);

}  // namespace fairway::bench
