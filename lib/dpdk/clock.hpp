// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <rte_cycles.h>

#include <cstdint>

#include "base/time.hpp"

namespace fairway::dpdk {

/// The processor's time stamp counter: one clock for all workers, and no system call.
inline std::uint64_t tsc() noexcept { return rte_rdtsc(); }

/// Its ticks a second. EAL runs.
inline std::uint64_t tsc_hz() noexcept { return rte_get_tsc_hz(); }

/// Turns its ticks into time.
class Clock {
 public:
  Clock()
      : ticks_a_millisecond_(tsc_hz() / 1000),
        nanoseconds_a_tick_(static_cast<std::uint64_t>((Wide{1'000'000'000} << fraction_bits) / tsc_hz())) {}

  std::uint64_t milliseconds(std::uint64_t ticks) const noexcept { return ticks / ticks_a_millisecond_; }
  base::Stamp stamp(std::uint64_t ticks) const noexcept { return {static_cast<std::uint32_t>(milliseconds(ticks))}; }
  /// Of a span. Without a division.
  std::uint64_t nanoseconds(std::uint64_t ticks) const noexcept {
    return static_cast<std::uint64_t>(Wide{ticks} * nanoseconds_a_tick_ >> fraction_bits);
  }
  base::Stamp now() const noexcept { return stamp(tsc()); }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr unsigned fraction_bits = 32;

  std::uint64_t ticks_a_millisecond_;
  std::uint64_t nanoseconds_a_tick_;  // with fraction_bits behind the point
};

}  // namespace fairway::dpdk
