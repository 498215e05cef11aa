// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayctl/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

namespace fairway::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::chrono::seconds patience{60};  // for each half of a request
constexpr std::uint64_t longest_answer = std::uint64_t{1} << 30;

}  // namespace

/// One operation at a time, run to its end.
class Client::Connection {
 public:
  error_code connect(const std::string& path) {
    return run([&](auto handler) { stream_.async_connect(asio::local::stream_protocol::endpoint(path), handler); });
  }
  error_code write(http::request<http::string_body>& request) {
    return run([&](auto handler) { http::async_write(stream_, request, handler); });
  }
  error_code read(http::response_parser<http::string_body>& answer) {
    return run([&](auto handler) { http::async_read(stream_, buffer_, answer, handler); });
  }

 private:
  template <class Begin>
  error_code run(Begin begin) {
    error_code result;
    stream_.expires_after(patience);
    begin([&result](error_code error, auto&&...) { result = error; });
    context_.restart();
    context_.run();
    return result;
  }

  asio::io_context context_;
  beast::basic_stream<asio::local::stream_protocol> stream_{context_};
  beast::flat_buffer buffer_;
};

Client::Client(std::string path) : path_(std::move(path)) {}
Client::~Client() = default;

base::Error Client::unreachable(const std::string& why) const {
  return {"no director answers at " + path_ + ": " + why};
}

base::Result<void> Client::connect() {
  if (connection_) return {};
  try {  // of a path that is too long for a socket
    auto connection = std::make_unique<Connection>();
    if (const auto error = connection->connect(path_)) return unreachable(error.message());
    connection_ = std::move(connection);
    return {};
  } catch (const boost::system::system_error& error) {
    return unreachable(error.code().message());
  }
}

base::Result<Client::Answer> Client::ask(const std::string& method, const std::string& target, std::string body) {
  if (auto connected = connect(); !connected) return connected.error();
  http::request<http::string_body> request(http::string_to_verb(method), target, 11);
  request.set(http::field::host, "fairway");
  request.set(http::field::content_type, "application/json");
  request.body() = std::move(body);
  request.prepare_payload();
  const error_code written = connection_->write(request);
  // Who refuses a request before he has read it all says why before he closes.
  http::response_parser<http::string_body> answer;
  answer.body_limit(longest_answer);
  if (const auto error = connection_->read(answer)) {
    connection_.reset();
    return unreachable((written ? written : error).message());
  }
  if (!answer.keep_alive()) connection_.reset();
  return Answer{.status = answer.get().result_int(), .body = std::move(answer.get().body())};
}

}  // namespace fairway::ctl
