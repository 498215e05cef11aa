// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/statistics.hpp"

namespace fairway::control {
namespace {

/// One number of Statistics, and by how many bits its rate is scaled.
struct Part {
  std::uint64_t Statistics::*number;
  unsigned scale;
};

constexpr unsigned packet_scale = 10, byte_scale = 5;
constexpr Part parts[] = {{&Statistics::connections, packet_scale},
                          {&Statistics::in_packets, packet_scale},
                          {&Statistics::in_bytes, byte_scale},
                          {&Statistics::out_packets, packet_scale},
                          {&Statistics::out_bytes, byte_scale}};

}  // namespace

Statistics& Statistics::operator+=(const Statistics& other) {
  for (const Part& part : parts) this->*part.number += other.*part.number;
  return *this;
}

Statistics& Statistics::operator-=(const Statistics& other) {
  for (const Part& part : parts) this->*part.number -= other.*part.number;
  return *this;
}

void Estimator::tick(const Statistics& counted) {
  const Statistics since = counted - last_;
  last_ = counted;
  for (const auto& [number, scale] : parts) {
    // Of two seconds, so one bit less; the shift of what may be negative rounds down, as the kernel's does.
    const auto sample = static_cast<std::int64_t>(since.*number << (scale - 1));
    const auto rate = static_cast<std::int64_t>(scaled_.*number);
    scaled_.*number = static_cast<std::uint64_t>(rate + ((sample - rate) >> 2));
  }
}

Rates Estimator::rates() const {
  Rates shown;
  for (const auto& [number, scale] : parts) {
    const std::uint64_t half = (std::uint64_t{1} << (scale - 1)) - 1;  // one half is rounded down
    shown.*number = (scaled_.*number + half) >> scale;
  }
  return shown;
}

}  // namespace fairway::control
