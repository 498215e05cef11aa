// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace fairway::worker {

/// So many packets a second, and a tenth of that at once, or one.
class RateCap {
 public:
  explicit RateCap(std::uint32_t per_second)
      : per_second_(per_second), most_(std::max(std::uint64_t{per_second} * 1000 / 10, a_packet)), tokens_(most_) {}

  bool take(base::Stamp now) noexcept {
    tokens_ = std::min(most_, tokens_ + std::uint64_t{base::elapsed(last_, now)} * per_second_);
    last_ = now;
    if (tokens_ < a_packet) return false;
    tokens_ -= a_packet;
    return true;
  }

 private:
  static constexpr std::uint64_t a_packet = 1000;  // a millisecond earns thousandths of one

  std::uint32_t per_second_;
  std::uint64_t most_, tokens_;
  base::Stamp last_;
};

}  // namespace fairway::worker
