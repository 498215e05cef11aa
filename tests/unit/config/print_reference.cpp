// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
// Prints docs/configuration.md (tools/generate-configuration-reference).
#include <cstdio>

#include "unit/config/reference.hpp"

int main() { return std::fputs(fairway::config::reference().c_str(), stdout) < 0 ? 1 : 0; }
