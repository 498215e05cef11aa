// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fairway::bench {

/// One figure of a row: what JSON calls it, what the table's head calls it ("" is not shown), and digits behind the point.
struct Column {
  std::string key;
  std::string head;
  int digits = 1;
};

/// What a run found: facts of the whole, and rows of figures. Values are numbers, words or booleans.
struct Report {
  nlohmann::ordered_json facts;
  std::string title;  // the facts for people
  std::vector<Column> columns;
  std::vector<nlohmann::ordered_json> rows;  // a value may be missing
  std::vector<std::string> notes;            // lines below the table

  nlohmann::ordered_json& add_row() { return rows.emplace_back(nlohmann::ordered_json::object()); }
};

double rounded(double value, int digits);

/// For people: title, table, notes.
std::string table(const Report& report);
/// One line: the facts, the figures of the last row, which stands for all, and the rows.
std::string json_line(const Report& report);

}  // namespace fairway::bench
