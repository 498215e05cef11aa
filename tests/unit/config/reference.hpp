// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

namespace fairway::config {

/// docs/configuration.md as the table of keys says it.
std::string reference();

}  // namespace fairway::config
