// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"

namespace fairway::ctl {

/// A connection to a director's control socket, kept over several requests.
class Client {
 public:
  explicit Client(std::string path);
  ~Client();

  struct Answer {
    unsigned status = 0;  // of HTTP
    std::string body;     // JSON
  };
  /// Error: the director cannot be reached or does not answer; in one line, with the socket's path.
  base::Result<Answer> ask(const std::string& method, const std::string& target, std::string body = "");

 private:
  class Connection;

  base::Result<void> connect();
  base::Error unreachable(const std::string& why) const;

  std::string path_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace fairway::ctl
