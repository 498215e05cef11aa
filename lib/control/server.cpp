// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/write.hpp>
#include <csignal>
#include <filesystem>
#include <unordered_map>

namespace fairway::control {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using boost::system::error_code;

constexpr mode_t socket_mode = 0660;
constexpr std::chrono::milliseconds pause_after_failure{100};  // when there are no descriptors left

base::Error failure(const std::string& path, const std::string& what) {
  return {"control socket " + path + ": " + what};
}

/// Makes room for a socket of this name.
base::Result<void> clear(asio::io_context& context, const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return failure(path, "there is a file of this name that is no socket");
  asio::local::stream_protocol::socket probe(context);
  error_code error;
  probe.connect(path, error);
  if (error != asio::error::connection_refused)
    return failure(path, error ? error.message() : "another director answers there");
  if (unlink(path.c_str()) != 0) return failure(path, std::generic_category().message(errno));
  return {};
}

base::Result<void> check_path(const std::string& path) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > longest)
    return failure(path, "a socket's path has at most " + std::to_string(longest) + " characters");
  const fs::path directory = fs::path(path).parent_path();
  std::error_code error;
  if (directory.empty() || fs::is_directory(directory, error)) return {};
  fs::create_directory(directory, error);
  if (error) return failure(path, "cannot make the directory " + directory.string() + ": " + error.message());
  return {};
}

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
  if (auto checked = check_path(path); !checked) return checked;
  if (auto cleared = clear(state_->context, path); !cleared) return cleared;
  auto& acceptor = state_->acceptor;
  error_code error;
  acceptor.open(Protocol(), error);
  if (error) return failure(path, error.message());
  // Linux gives the file the mode of the unbound socket less the umask, so that it is never open to more than these.
  if (fchmod(acceptor.native_handle(), socket_mode) != 0) return failure(path, std::generic_category().message(errno));
  acceptor.bind(path, error);
  if (error) return failure(path, error.message());
  struct stat status {};
  if (chmod(path.c_str(), socket_mode) != 0 || stat(path.c_str(), &status) != 0)
    return failure(path, std::generic_category().message(errno));
  path_ = path;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return failure(path, error.message());
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
  // Another director may have put its own there since.
  struct stat status {};
  if (!path_.empty() && lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_)
    unlink(path_.c_str());
}

std::size_t Server::clients() const { return state_->sessions.size(); }

}  // namespace fairway::control
