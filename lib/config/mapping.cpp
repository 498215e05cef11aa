// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/mapping.hpp"

#include <algorithm>
#include <numeric>

namespace fairway::config {
namespace {

/// How many characters must be put in, left out or replaced to make one word of the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string unknown_key(std::string_view key, std::string_view noun, const std::vector<std::string_view>& known) {
  constexpr std::size_t longest = 40;
  const std::string message = "unknown key " + quoted(key);
  std::string_view nearest;
  std::size_t least = std::min<std::size_t>(3, key.size() / 2 + 1);  // only what is nearer is a slip of the pen
  for (const std::string_view name : known) {
    const std::size_t found = key.size() > longest ? longest : distance(key, name);
    if (found < least) {
      least = found;
      nearest = name;
    }
  }
  if (!nearest.empty()) return message + " (did you mean '" + std::string(nearest) + "'?)";
  std::string list;
  for (const std::string_view name : known) list += (list.empty() ? "" : ", ") + std::string(name);
  return message + "; a " + std::string(noun) + " has " + list;
}

}  // namespace fairway::config
