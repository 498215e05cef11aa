// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/folder.hpp"

using namespace fairway;
using namespace fairway::control;
using namespace fairway::control::http;
namespace fs = std::filesystem;

namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

/// Somebody at the other end of the socket; waits ten seconds for anything at most.
class Client {
 public:
  explicit Client(const std::string& path) : descriptor_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval ten_seconds{.tv_sec = 10, .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &ten_seconds, sizeof ten_seconds);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &ten_seconds, sizeof ten_seconds);
    const auto address = address_of(path);
    if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect " + path);
  }
  ~Client() { close(descriptor_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// False if the other end does not take it.
  bool say(const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t taken = send(descriptor_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (taken <= 0) return false;
      sent += static_cast<std::size_t>(taken);
    }
    return true;
  }

  /// What comes until the other end closes, or until there is a whole reply.
  std::string hear() {
    while (!is_whole()) {
      char buffer[65536];
      const ssize_t got = recv(descriptor_, buffer, sizeof buffer, 0);
      if (got < 0 && errno == EAGAIN) throw std::runtime_error("nothing came for ten seconds");
      if (got <= 0) break;
      heard_.append(buffer, static_cast<std::size_t>(got));
    }
    return std::exchange(heard_, {});
  }

  std::string ask(const std::string& method, const std::string& target, const std::string& body = "") {
    say(method + " " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        body);
    return hear();
  }

 private:
  bool is_whole() const {
    const auto head = heard_.find("\r\n\r\n");
    const auto length = heard_.find("Content-Length: ");
    if (head == std::string::npos || length == std::string::npos) return false;
    return heard_.size() >= head + 4 + std::stoul(heard_.substr(length + 16));
  }

  int descriptor_;
  std::string heard_;
};

/// Ends when it is told to, by whatever thread.
struct Patient : Job {
  explicit Patient(std::atomic<bool>& may_end_) : may_end(may_end_) {}
  Progress advance() override {
    if (!may_end) return Progress::more;
    reply.body = "\"late\"";
    return Progress::done;
  }
  std::atomic<bool>& may_end;
};

struct Waiting : Job {
  Progress advance() override {
    if (++turns < 5) return Progress::wait;
    reply.body = "\"waited\"";
    return Progress::done;
  }
  int turns = 0;
};

struct Echo : Job {
  explicit Echo(const Request& request) {
    reply.status = request.target == "/missing" ? 404 : 200;
    reply.body = request.method + " " + request.target + " " + std::to_string(request.body.size());
  }
  Progress advance() override { return Progress::done; }
};

/// The server with an io_context that runs in a thread of its own.
struct Fixture {
  test::Folder folder;
  std::string path = (folder.path / "run" / "control.sock").string();
  std::atomic<bool> patient_may_end = false;
  boost::asio::io_context context;
  std::unique_ptr<Server> server;
  std::thread thread;

  void start(SessionLimits limits = {}) {
    server = std::make_unique<Server>(
        context,
        [this](Request request) -> std::unique_ptr<Job> {
          if (request.target == "/patient") return std::make_unique<Patient>(patient_may_end);
          if (request.target == "/waiting") return std::make_unique<Waiting>();
          return std::make_unique<Echo>(request);
        },
        limits);
    const auto listening = server->listen(path);
    REQUIRE(listening);
    thread = std::thread([this] { context.run(); });
  }

  void stop() {
    if (!thread.joinable()) return;
    boost::asio::post(context, [this] { server->stop(); });
    thread.join();  // returns only if nothing is left to be done
  }

  ~Fixture() { stop(); }

  bool serves() { return Client(path).ask("GET", "/quick").ends_with("GET /quick 0"); }
};

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777u : 0;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "the socket is its owner's and group's, and goes when the server stops") {
  const mode_t old = umask(0);
  start();
  umask(old);
  CHECK(mode_of(path) == 0660);
  CHECK(serves());
  stop();
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE_METHOD(Fixture, "a client may ask again and again") {
  start();
  Client client(path);
  for (int i = 0; i < 3; ++i) {
    const std::string reply = client.ask("POST", "/x?y=z", "hello");
    CHECK(reply.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(reply.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(reply.ends_with("POST /x?y=z 5"));
  }
  CHECK(client.ask("GET", "/missing").starts_with("HTTP/1.1 404 Not Found\r\n"));
  CHECK(client.ask("GET", "/waiting").ends_with("\"waited\""));
  client.say("GET /last HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK(client.hear().ends_with("GET /last 0"));
  CHECK(client.hear() == "");
}

TEST_CASE_METHOD(Fixture, "a job that takes long keeps nobody waiting") {
  start();
  Client slow(path);
  slow.say("GET /patient HTTP/1.1\r\n\r\n");
  for (int i = 0; i < 3; ++i) CHECK(serves());
  patient_may_end = true;
  CHECK(slow.hear().ends_with("\"late\""));
}

TEST_CASE_METHOD(Fixture, "a socket where nobody answers is replaced, one where somebody does is left alone") {
  start();
  boost::asio::io_context other_context;
  {
    Server second(other_context, {});
    const auto refused = second.listen(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "control socket " + path + ": another director answers there");
  }
  CHECK(serves());
  stop();

  const int left_behind = socket(AF_UNIX, SOCK_STREAM, 0);
  const auto address = address_of(path);
  REQUIRE(bind(left_behind, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  close(left_behind);
  context.restart();
  start();
  CHECK(serves());
}

TEST_CASE_METHOD(Fixture, "a server does not remove a socket that is another's by now") {
  start();
  fs::remove(path);
  std::ofstream(path) << "another's";
  stop();
  CHECK(fs::exists(path));
}

TEST_CASE_METHOD(Fixture, "a path that cannot be a socket is refused by name") {
  Server refusing(context, {});
  const auto error_of = [&](const std::string& text) {
    const auto result = refusing.listen(text);
    return result ? "" : result.error().message;
  };
  const std::string file = (folder.path / "file").string();
  std::ofstream(file) << "text";
  CHECK(error_of(file) == "control socket " + file + ": there is a file of this name that is no socket");
  CHECK(fs::exists(file));
  const std::string deep = (folder.path / "a" / "b" / "socket").string();
  CHECK(error_of(deep) == "control socket " + deep + ": cannot make the directory " +
                              (folder.path / "a" / "b").string() + ": No such file or directory");
  const std::string longest(108, 'x');
  CHECK(error_of(longest) == "control socket " + longest + ": a socket's path has at most 107 characters");
}

TEST_CASE_METHOD(Fixture, "clients that stall are shown out, and disturb nobody until then") {
  start({.patience = std::chrono::milliseconds(200)});
  Client silent(path), one_byte(path), half_a_header(path), half_a_body(path);
  one_byte.say("G");
  half_a_header.say("GET / HTTP/1.1\r\nHost");
  half_a_body.say("POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nhalf");
  CHECK(serves());
  for (Client* client : {&silent, &one_byte, &half_a_header, &half_a_body}) CHECK(client->hear() == "");
  CHECK(serves());
}

TEST_CASE_METHOD(Fixture, "a client that takes nothing of its reply is shown out") {
  start({.patience = std::chrono::milliseconds(200)});
  Client client(path);
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "GET /quick HTTP/1.1\r\n\r\n";
  CHECK_FALSE(client.say(many));
  CHECK(serves());
}

TEST_CASE_METHOD(Fixture, "garbage is answered if it can be, and disturbs nobody") {
  start();
  {
    Client gone(path);
    gone.say("G");
  }
  Client garbage(path);
  garbage.say("\x16\x03\x01\x02 a greeting of TLS\r\n\r\n");
  CHECK(garbage.hear().starts_with("HTTP/1.1 400 Bad Request\r\n"));

  Client much(path);
  much.say(std::string(4 * 1024 * 1024, 'x'));
  CHECK(serves());

  Client long_header(path);
  long_header.say("GET / HTTP/1.1\r\nX: " + std::string(16 * 1024, 'x'));
  CHECK(long_header.hear().starts_with("HTTP/1.1 431 "));

  Client long_body(path);
  long_body.say("POST / HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n");
  CHECK(long_body.hear().starts_with("HTTP/1.1 413 "));
  CHECK(serves());
}

TEST_CASE_METHOD(Fixture, "four megabytes of a command are taken") {
  start();
  CHECK(Client(path).ask("POST", "/x", std::string(4 * 1024 * 1024, ' ')).ends_with("POST /x 4194304"));
}

TEST_CASE_METHOD(Fixture, "one client too many is told so") {
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < Server::most_clients; ++i) {
    clients.push_back(std::make_unique<Client>(path));
    CHECK(clients.back()->ask("GET", "/quick").ends_with("GET /quick 0"));
  }
  CHECK(Client(path).hear().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(clients.front()->ask("GET", "/quick").ends_with("GET /quick 0"));
  clients.pop_back();
  while (!serves()) std::this_thread::yield();
}

TEST_CASE_METHOD(Fixture, "a server stops with clients in the midst of things") {
  start();
  Client idle(path), half(path), working(path);
  half.say("GET /");
  working.say("GET /patient HTTP/1.1\r\n\r\n");
  CHECK(serves());
  stop();
  CHECK(idle.hear() == "");
}
