// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>
#include <string_view>

#include "config/problem.hpp"

namespace fairway::config {

/// The first byte that cannot stand in a configuration: what is not UTF-8, control characters (yaml-cpp takes 0x04 for the
/// end of the file and drops a lone carriage return), a tab in a line's indentation. Nothing if the text is fit to be parsed.
std::optional<Problem> check_text(std::string_view text);

}  // namespace fairway::config
