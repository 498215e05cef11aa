// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

namespace fairway::control {

/// What a client of the control socket asks. Nothing in it has been checked.
struct Request {
  std::string method;  // "GET"
  std::string target;  // "/v1/connections?limit=10"
  std::string body;
};

struct Reply {
  unsigned status = 200;  // of HTTP
  std::string body{};     // JSON
};

/// The work behind one request, cut into slices of a few milliseconds, so that other clients, netlink and timers get their
/// turns while it goes on. May be destroyed at any time between two slices.
class Job {
 public:
  enum class Progress {
    more,  // advance again as soon as the others had their turn
    wait,  // likewise, but after a millisecond: there is nothing to do yet
    done,  // `reply` is complete
  };

  virtual ~Job() = default;
  virtual Progress advance() = 0;

  Reply reply;
};

/// {"error": message}
std::string error_body(const std::string& message);

}  // namespace fairway::control
