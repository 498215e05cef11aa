// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <chrono>
#include <cstdint>

namespace fairway::control {

/// What was counted, over all workers. Bytes are those of IP packets; "in" is from the client. Subtraction wraps, so that
/// sums of differences come out right.
struct Statistics {
  std::uint64_t connections = 0;  // opened so far
  std::uint64_t in_packets = 0;
  std::uint64_t in_bytes = 0;
  std::uint64_t out_packets = 0;
  std::uint64_t out_bytes = 0;

  Statistics& operator+=(const Statistics& other);
  Statistics& operator-=(const Statistics& other);
  friend Statistics operator-(Statistics a, const Statistics& b) { return a -= b; }
  bool operator==(const Statistics&) const = default;
};

/// The same five numbers per second: what `ipvsadm --rate` shows.
using Rates = Statistics;

/// The kernel's rate estimator (ip_vs_est.c): every two seconds a rate moves a quarter of the way to what was counted
/// since, in fixed point with 10 bits behind the point for connections and packets and 5 for bytes.
class Estimator {
 public:
  static constexpr std::chrono::seconds period{2};

  /// Once a period, with all that has been counted so far.
  void tick(const Statistics& counted);
  /// What is counted from here on makes the rate; the rate itself stays.
  void go_on_from(const Statistics& counted) { last_ = counted; }
  void set_to_zero() { scaled_ = {}; }
  Rates rates() const;

 private:
  Statistics last_;
  Statistics scaled_;
};

/// What is shown of something that counts up for ever: how much since its zero point (`ipvsadm -Z`), and how fast.
class Meter {
 public:
  Statistics since_zero(const Statistics& counted) const { return counted - zero_; }
  void set_to_zero(const Statistics& counted) {
    zero_ = counted;
    estimator_.set_to_zero();
  }
  Estimator& estimator() { return estimator_; }
  Rates rates() const { return estimator_.rates(); }

 private:
  Statistics zero_;
  Estimator estimator_;
};

}  // namespace fairway::control
