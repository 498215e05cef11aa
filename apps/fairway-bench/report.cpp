// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace fairway::bench {
namespace {

std::string text_of(const nlohmann::ordered_json& row, const Column& column) {
  const auto found = row.find(column.key);
  if (found == row.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_float()) return fmt::format("{:.{}f}", found->get<double>(), column.digits);
  return found->dump();
}

}  // namespace

double rounded(double value, int digits) {
  const double parts = std::pow(10, digits);
  return std::round(value * parts) / parts;
}

std::string table(const Report& report) {
  std::string text = report.title + '\n';
  std::vector<std::string> lines(report.rows.size() + 1);
  for (const Column& column : report.columns) {
    if (column.head.empty()) continue;
    std::vector<std::string> cells{column.head};
    for (const auto& row : report.rows) cells.push_back(text_of(row, column));
    std::size_t width = 0;
    for (const std::string& cell : cells) width = std::max(width, cell.size());
    const bool is_words =
        !report.rows.empty() && report.rows.front().value(column.key, nlohmann::ordered_json()).is_string();
    for (std::size_t i = 0; i < lines.size(); ++i)
      lines[i] += is_words ? fmt::format("{:<{}}  ", cells[i], width) : fmt::format("{:>{}}  ", cells[i], width);
  }
  for (std::string& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  for (const std::string& note : report.notes) text += note + '\n';
  return text;
}

std::string json_line(const Report& report) {
  nlohmann::ordered_json line = report.facts;
  for (const auto& row : report.rows) {
    nlohmann::ordered_json rounded_row;
    for (const auto& [key, value] : row.items())
      rounded_row[key] = value.is_number_float() ? nlohmann::ordered_json(rounded(value.get<double>(), 3)) : value;
    line["rows"].push_back(std::move(rounded_row));
  }
  if (!report.rows.empty()) {
    const nlohmann::ordered_json last = line["rows"].back();
    for (const auto& [key, value] : last.items())
      if (!line.contains(key)) line[key] = value;
  }
  return line.dump() + '\n';
}

}  // namespace fairway::bench
