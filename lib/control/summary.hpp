// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "control/director.hpp"
#include "forward/verdict.hpp"

namespace fairway::control {

/// The counters of all workers at one moment.
struct Reading {
  std::chrono::steady_clock::time_point time{};
  std::uint64_t connections = 0;  // there now
  std::uint64_t opened = 0;       // so far, as all that follows
  std::uint64_t packets = 0;
  std::uint64_t handed_over = 0;
  std::uint64_t lost = 0;  // in a full ring, lane or transmit queue
  std::array<std::uint64_t, forward::verdict_count> verdicts{};
};

Reading read_counters(const worker::Crew& crew, const Director& director, std::chrono::steady_clock::time_point now);

/// What happened between two readings, in one line for the log.
std::string summary(const Reading& before, const Reading& after);

}  // namespace fairway::control
