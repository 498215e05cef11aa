// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fairway::ctl {

/// What `show` knows, in the order of its help.
std::vector<std::string> views();

struct TableStyle {
  bool with_zeros = false;  // also rows where nothing was counted
  bool with_rates = false;  // how many a second instead of how many
};

/// The director's answer as a table in the style of `ipvsadm -Ln`.
std::string table_of(const std::string& view, const nlohmann::ordered_json& answer, const TableStyle& style);

}  // namespace fairway::ctl
