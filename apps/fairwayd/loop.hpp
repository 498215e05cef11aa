// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>

/// What the main thread's loop waits for. Both must not be destroyed while the loop runs.
namespace fairway::daemon {

namespace asio = boost::asio;

/// Calls a function again and again, from the loop.
class Timer {
 public:
  Timer(asio::io_context& io, std::chrono::milliseconds period, std::function<void()> work)
      : timer_(io), period_(period), work_(std::move(work)) {
    arm();
  }

 private:
  void arm() {
    timer_.expires_after(period_);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      work_();
      arm();
    });
  }

  asio::steady_timer timer_;
  std::chrono::milliseconds period_;
  std::function<void()> work_;
};

/// Calls a function whenever a descriptor, which stays its owner's, is readable.
class Watch {
 public:
  Watch(asio::io_context& io, int descriptor, std::function<void()> work)
      : descriptor_(io, dup(descriptor)), work_(std::move(work)) {
    arm();
  }

 private:
  void arm() {
    descriptor_.async_wait(asio::posix::descriptor_base::wait_read, [this](boost::system::error_code error) {
      if (error) return;
      work_();
      arm();
    });
  }

  asio::posix::stream_descriptor descriptor_;
  std::function<void()> work_;
};

}  // namespace fairway::daemon
