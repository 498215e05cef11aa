// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fairway::ctl {

/// What `show` knows, in the order of its help.
std::vector<std::string> views();

/// The director's answer as a table in the style of `ipvsadm -Ln`. `with_zeros`: also rows where nothing was counted.
std::string table_of(const std::string& view, const nlohmann::ordered_json& answer, bool with_zeros);

}  // namespace fairway::ctl
