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
  Clock() : ticks_a_millisecond_(tsc_hz() / 1000) {}

  std::uint64_t milliseconds(std::uint64_t ticks) const noexcept { return ticks / ticks_a_millisecond_; }
  base::Stamp stamp(std::uint64_t ticks) const noexcept { return {static_cast<std::uint32_t>(milliseconds(ticks))}; }
  base::Stamp now() const noexcept { return stamp(tsc()); }

 private:
  std::uint64_t ticks_a_millisecond_;
};

}  // namespace fairway::dpdk
