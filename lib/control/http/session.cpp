// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/session.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <sstream>

namespace fairway::control::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

constexpr std::chrono::milliseconds pause{1};  // of a job that waits

class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(Socket socket, const SessionLimits& limits, Begin begin, std::function<void()> ended)
      : stream_(std::move(socket)), limits_(limits), begin_(std::move(begin)), ended_(std::move(ended)) {}

  void close() override { stream_.close(); }

  void run() {
    // The coroutine holds the session; what it might throw is out of memory, which ends this client only.
    asio::co_spawn(stream_.get_executor(), serve(), [self = shared_from_this()](const std::exception_ptr&) {
      self->stream_.close();
      self->ended_();
    });
  }

 private:
  using Message = beast::http::request_parser<beast::http::string_body>;

  asio::awaitable<void> serve() {
    while (true) {
      Message message;
      message.header_limit(limits_.header_bytes);
      message.body_limit(limits_.body_bytes);
      if (const auto error = co_await read(message)) {
        if (auto refused = refusal_of(error)) co_await write(*refused, false);
        co_return;
      }
      const bool keeps = message.get().keep_alive();
      std::unique_ptr<Job> job = begin_(take(message));
      if (!co_await finish(*job)) co_return;
      if (!co_await write(job->reply, keeps) || !keeps) co_return;
    }
  }

  asio::awaitable<error_code> read(Message& message) {
    error_code error;
    stream_.expires_after(limits_.patience);
    co_await beast::http::async_read(stream_, buffer_, message, asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  static Request take(Message& message) {
    auto& request = message.get();
    return {.method = std::string(request.method_string()),
            .target = std::string(request.target()),
            .body = std::move(request.body())};
  }

  /// What somebody is told who does not speak HTTP or says too much; nothing if he went or fell silent.
  static std::optional<Reply> refusal_of(const error_code& error) {
    if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow)
      return Reply{.status = 431, .body = error_body("the request's header is too long")};
    if (error == beast::http::error::body_limit)
      return Reply{.status = 413, .body = error_body("the request is too long")};
    const bool is_about_http = error.category() == make_error_code(beast::http::error::bad_method).category();
    if (!is_about_http || error == beast::http::error::end_of_stream || error == beast::http::error::partial_message)
      return std::nullopt;
    return Reply{.status = 400, .body = error_body("this is not HTTP: " + error.message())};
  }

  /// Takes the job's slices in turns with all else that the io_context has to do. False if the session was closed.
  asio::awaitable<bool> finish(Job& job) {
    stream_.expires_never();
    asio::steady_timer timer(stream_.get_executor());
    for (auto progress = job.advance(); progress != Job::Progress::done; progress = job.advance()) {
      if (!stream_.socket().is_open()) co_return false;
      if (progress == Job::Progress::wait) {
        timer.expires_after(pause);
        co_await timer.async_wait(asio::use_awaitable);
      } else {
        co_await asio::post(stream_.get_executor(), asio::use_awaitable);
      }
    }
    co_return true;
  }

  asio::awaitable<bool> write(Reply& reply, bool keeps) {
    beast::http::response<beast::http::string_body> response(beast::http::status(reply.status), 11);
    response.set(beast::http::field::server, "fairwayd");
    response.set(beast::http::field::content_type, "application/json");
    response.keep_alive(keeps);
    response.body() = std::move(reply.body);
    response.prepare_payload();
    error_code error;
    stream_.expires_after(limits_.patience);
    co_await beast::http::async_write(stream_, response, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  beast::basic_stream<asio::local::stream_protocol> stream_;
  beast::flat_buffer buffer_;
  SessionLimits limits_;
  Begin begin_;
  std::function<void()> ended_;
};

}  // namespace

std::shared_ptr<Session> Session::start(Socket socket, const SessionLimits& limits, Begin begin,
                                        std::function<void()> ended) {
  auto session = std::make_shared<HttpSession>(std::move(socket), limits, std::move(begin), std::move(ended));
  session->run();
  return session;
}

std::string refusal(unsigned status, const std::string& message) {
  beast::http::response<beast::http::string_body> response(beast::http::status(status), 11);
  response.set(beast::http::field::content_type, "application/json");
  response.keep_alive(false);
  response.body() = error_body(message);
  response.prepare_payload();
  std::ostringstream text;
  text << response;
  return std::move(text).str();
}

}  // namespace fairway::control::http
