// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayctl/table.hpp"

#include <algorithm>

namespace fairway::ctl {
namespace {

bool is_number(const std::string& cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789KMGT") == std::string::npos && cell.front() <= '9';
}

}  // namespace

std::string Table::text() const {
  std::vector<std::size_t> widths;
  std::vector<bool> numeric;  // the column has a number in it: its title stands to the right as well
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    numeric.resize(widths.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
      numeric[i] = numeric[i] || is_number(row[i]);
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      line += (numeric[i] ? padding + row[i] : row[i] + padding) + ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string shortened(std::uint64_t number) {
  if (number < 100'000'000) return std::to_string(number);
  if (number < 1'000'000'000) return std::to_string(number / 1'000) + "K";
  if (number < 100'000'000'000) return std::to_string(number / 1'000'000) + "M";
  if (number < 100'000'000'000'000) return std::to_string(number / 1'000'000'000) + "G";
  return std::to_string(number / 1'000'000'000'000) + "T";
}

}  // namespace fairway::ctl
