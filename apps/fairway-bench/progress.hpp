// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string_view>

namespace fairway::bench {

/// Tells on standard error, in one line that is written over, how far a run is.
class Progress {
 public:
  explicit Progress(bool is_shown) : is_shown_(is_shown) {}
  ~Progress() {
    if (is_shown_ && !last_.empty()) fmt::print(stderr, "\r{:40}\r", "");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::string_view what, std::uint64_t done, std::uint64_t all) {
    if (!is_shown_) return;
    last_ = fmt::format("{}: {:3} %", what, all == 0 ? 100 : 100 * done / all);
    fmt::print(stderr, "\r{:40}", last_);
    fflush(stderr);
  }

 private:
  bool is_shown_;
  std::string last_;
};

}  // namespace fairway::bench
