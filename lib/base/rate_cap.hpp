// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace fairway::base {

/// Lets so many through a second: a token bucket.
class RateCap {
 public:
  /// A tenth of a second's at once, or one.
  explicit RateCap(std::uint32_t per_second)
      : per_second_(per_second), most_(std::max(per_second * a_token / 10, a_token)), tokens_(most_) {}
  RateCap(std::uint32_t per_second, std::uint32_t at_once)
      : per_second_(per_second), most_(at_once * a_token), tokens_(most_) {}

  bool take(Stamp now) noexcept {
    tokens_ = std::min(most_, tokens_ + std::uint64_t{elapsed(last_, now)} * per_second_);
    last_ = now;
    if (tokens_ < a_token) return false;
    tokens_ -= a_token;
    return true;
  }

 private:
  static constexpr std::uint64_t a_token = 1000;  // a millisecond earns thousandths of one

  std::uint32_t per_second_;
  std::uint64_t most_, tokens_;
  Stamp last_;
};

}  // namespace fairway::base
