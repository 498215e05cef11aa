// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

namespace fairway::base {

/// Numbers that look random, for choices that nobody gains by guessing: SplitMix64 (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", OOPSLA 2014). The same seed gives the same numbers.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t word = state_;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
  }

  /// One of 0 to `count` - 1, each as likely as the others but for one part in 2^64 / count. `count` is above zero.
  constexpr std::uint64_t below(std::uint64_t count) noexcept {
    return static_cast<std::uint64_t>(static_cast<Wide>(next()) * count >> 64);
  }

 private:
  __extension__ using Wide = unsigned __int128;

  std::uint64_t state_;
};

}  // namespace fairway::base
