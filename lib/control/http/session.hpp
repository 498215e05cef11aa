// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "control/job.hpp"

/// HTTP/1.1 with one client. The .cpp file is the only one of the director that compiles Beast.
namespace fairway::control::http {

/// Bounds that keep one client from being felt by others.
struct SessionLimits {
  std::uint32_t header_bytes = 8 * 1024;
  std::uint64_t body_bytes = 64 * 1024 * 1024;
  /// For a whole request to arrive, also for the next one on a connection that is kept, and for a reply to be taken.
  std::chrono::milliseconds patience{30'000};
};

class Session {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  using Begin = std::function<std::unique_ptr<Job>(Request)>;

  virtual ~Session() = default;
  /// Ends it as soon as the io_context runs again.
  virtual void close() = 0;

  /// Serves the client until it goes, stalls or talks nonsense; then calls `ended`, once, from the io_context.
  static std::shared_ptr<Session> start(Socket socket, const SessionLimits& limits, Begin begin,
                                        std::function<void()> ended);
};

/// The whole of an HTTP reply that refuses a client before it has said anything.
std::string refusal(unsigned status, const std::string& message);

}  // namespace fairway::control::http
