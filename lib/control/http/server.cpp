// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/server.hpp"

#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <csignal>
#include <unordered_map>

namespace fairway::control::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr mode_t socket_mode = 0660;
constexpr std::chrono::milliseconds pause_after_failure{100};  // when there are no descriptors left

}  // namespace

struct Server::State {
  State(asio::io_context& context_, Session::Begin begin_, SessionLimits limits_)
      : context(context_), acceptor(context_), retry(context_), begin(std::move(begin_)), limits(limits_) {}

  asio::io_context& context;
  Protocol::acceptor acceptor;
  asio::steady_timer retry;
  Session::Begin begin;
  SessionLimits limits;
  std::unordered_map<std::uint64_t, std::weak_ptr<Session>> sessions;
  std::uint64_t next_session = 0;
  bool is_stopped = false;
};

Server::Server(asio::io_context& context, Session::Begin begin, SessionLimits limits)
    : state_(std::make_shared<State>(context, std::move(begin), limits)) {
  // A client that leaves while it is being written to is no reason to end.
  std::signal(SIGPIPE, SIG_IGN);
}

Server::~Server() { stop(); }

base::Result<void> Server::listen(const std::string& path) {
  auto socket = LocalSocket::listen("control socket", path, SOCK_STREAM, socket_mode);
  if (!socket) return socket.error();
  socket_ = std::move(*socket);
  state_->acceptor.assign(Protocol(), socket_.release());
  accept(state_);
  return {};
}

void Server::accept(const std::shared_ptr<State>& state) {
  state->acceptor.async_accept([state](const error_code& error, Session::Socket socket) {
    if (state->is_stopped) return;
    if (!error) {
      admit(state, std::move(socket));
      accept(state);
      return;
    }
    state->retry.expires_after(pause_after_failure);
    state->retry.async_wait([state](const error_code&) {
      if (!state->is_stopped) accept(state);
    });
  });
}

void Server::admit(const std::shared_ptr<State>& state, Session::Socket socket) {
  if (state->sessions.size() >= most_clients) {
    error_code ignored;  // the empty buffer of a new socket takes these few bytes without waiting
    asio::write(socket, asio::buffer(refusal(503, "too many clients")), ignored);
    return;
  }
  const auto number = state->next_session++;
  state->sessions[number] = Session::start(std::move(socket), state->limits, state->begin,
                                           [state, number] { state->sessions.erase(number); });
}

void Server::stop() {
  if (state_->is_stopped) return;
  state_->is_stopped = true;
  error_code ignored;
  state_->acceptor.close(ignored);
  state_->retry.cancel();
  for (const auto& [number, weak] : state_->sessions)
    if (const auto session = weak.lock()) session->close();
  socket_.close();
}

std::size_t Server::clients() const { return state_->sessions.size(); }

}  // namespace fairway::control::http
