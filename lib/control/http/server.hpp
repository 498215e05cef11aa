// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "control/http/session.hpp"
#include "control/local_socket.hpp"

namespace fairway::control::http {

/// The control socket: HTTP over a unix stream socket, for the owner and the group of the process.
class Server {
 public:
  static constexpr std::size_t most_clients = 64;

  /// What `begin` needs must outlive the io_context's run.
  Server(boost::asio::io_context& context, Session::Begin begin, SessionLimits limits = {});
  ~Server();

  /// Makes the socket, and its directory if that one's parent is there. Takes the place of a socket where nobody answers.
  /// Error: somebody does answer, or the path cannot be used; in words that name the path.
  base::Result<void> listen(const std::string& path);
  /// Takes no more clients, ends those that there are, removes the socket. The io_context still has to run what is left.
  void stop();

  std::size_t clients() const;

 private:
  using Protocol = boost::asio::local::stream_protocol;

  // Shared with handlers that may outlive the server.
  struct State;
  static void accept(const std::shared_ptr<State>& state);
  static void admit(const std::shared_ptr<State>& state, Session::Socket socket);

  std::shared_ptr<State> state_;
  LocalSocket socket_;  // its file; the descriptor is the acceptor's
};

}  // namespace fairway::control::http
