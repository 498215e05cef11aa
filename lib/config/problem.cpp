// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/problem.hpp"

#include <algorithm>
#include <utility>

namespace fairway::config {

std::string to_string(std::string_view file, const Problem& problem) {
  return std::string(file) + ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column) + ": " +
         problem.message;
}

void Problems::add(Mark mark, std::string message) { found_.push_back({mark.line, mark.column, std::move(message)}); }

std::vector<Problem> Problems::sorted() && {
  std::sort(found_.begin(), found_.end());
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  return std::move(found_);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string shown = "'";
  for (const char c : text.substr(0, longest)) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return shown + (text.size() > longest ? "...'" : "'");
}

}  // namespace fairway::config
