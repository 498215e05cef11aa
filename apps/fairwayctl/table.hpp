// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fairway::ctl {

/// Rows of cells, printed in columns as wide as their widest cell. What looks like a number stands to the right.
class Table {
 public:
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// As ipvsadm shortens what is longer than eight digits: 123456K, M, G, T.
std::string shortened(std::uint64_t number);

}  // namespace fairway::ctl
