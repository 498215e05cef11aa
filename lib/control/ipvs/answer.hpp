// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>
#include <vector>

#include "control/job.hpp"

namespace fairway::control::ipvs {

/// The work behind one message, cut into slices of a few milliseconds as every Job, but answered datagram by datagram.
/// May be destroyed at any time between two slices.
class Answer {
 public:
  using Progress = Job::Progress;

  virtual ~Answer() = default;
  /// Puts the next datagram into `datagram`, which is empty; leaves it empty where there is none in this slice.
  virtual Progress advance(std::string& datagram) = 0;
};

/// An answer that is known at once.
class Said final : public Answer {
 public:
  explicit Said(std::vector<std::string> datagrams) : datagrams_(std::move(datagrams)) {}

  Progress advance(std::string& datagram) override {
    if (next_ < datagrams_.size()) datagram = std::move(datagrams_[next_++]);
    return next_ < datagrams_.size() ? Progress::more : Progress::done;
  }

 private:
  std::vector<std::string> datagrams_;
  std::size_t next_ = 0;
};

}  // namespace fairway::control::ipvs
