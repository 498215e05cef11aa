// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdio>
#include <cstdlib>

namespace fairway::fuzz {

/// Ends the program, and so makes the fuzzer keep the input, if what must hold does not.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: broken: %s\n", what);
  std::abort();
}

}  // namespace fairway::fuzz
