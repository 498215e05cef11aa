// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace fairway::config {

/// A place in the file: its line, and the byte in that line, both counted from 1.
struct Mark {
  unsigned line = 1;
  unsigned column = 1;

  auto operator<=>(const Mark&) const = default;
};

/// One thing that is wrong with the file or, as a warning, doubtful.
struct Problem {
  unsigned line = 1;
  unsigned column = 1;
  std::string message;

  auto operator<=>(const Problem&) const = default;
};

/// FILE:LINE:COLUMN: message
std::string to_string(std::string_view file, const Problem& problem);

/// Collects problems in whatever order they are found.
class Problems {
 public:
  void add(Mark mark, std::string message);
  bool empty() const { return found_.empty(); }
  /// By position, each once: what an alias repeats is found again at every use.
  std::vector<Problem> sorted() &&;

 private:
  std::vector<Problem> found_;
};

/// What stands in the file, as messages show it: in quotes, shortened, without control characters.
std::string quoted(std::string_view text);

}  // namespace fairway::config
