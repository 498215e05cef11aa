// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/door.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/folder.hpp"
#include "support/ipvs.hpp"

using namespace fairway;
using namespace fairway::control::ipvs;
using fairway::test::Heard;
using fairway::test::IpvsFixture;
using fairway::test::key;
using fairway::test::Message;
namespace fs = std::filesystem;

namespace {

/// Somebody at the other end, who waits for nothing himself.
class Guest {
 public:
  explicit Guest(const std::string& path)
      : descriptor_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect " + path);
  }
  ~Guest() { close(descriptor_); }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  bool say(const std::vector<char>& bytes) {
    return send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  /// -1: nothing is there yet; 0: the door has closed.
  ssize_t hear(std::string& datagram) {
    datagram.resize(1 << 17);
    const ssize_t got = recv(descriptor_, datagram.data(), datagram.size(), 0);
    datagram.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return got;
  }

 private:
  int descriptor_;
};

struct Fixture : IpvsFixture {
  test::Folder temporary;
  fs::path folder = temporary.path;
  boost::asio::io_context io;
  bool is_root = true;
  std::unique_ptr<Door> door;

  Fixture() { open({}); }
  ~Fixture() {
    door.reset();
    io.restart();
    io.poll();
  }

  std::string path() const { return (folder / "ipvs.sock").string(); }
  void open(const DoorLimits& limits) {
    door.reset();
    door = std::make_unique<Door>(
        io, conversation, [this](uid_t) { return is_root; }, limits);
    REQUIRE(door->listen(path()));
  }

  /// Lets the loop run until this is so, ten seconds at most.
  template <class F>
  bool wait_until(F&& is_so) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(5));
      drain();
    }
    return true;
  }

  /// Messages that answer one, `count` of them.
  std::vector<Heard> answer(Guest& guest, std::size_t count) {
    std::vector<Heard> all;
    wait_until([&] {
      std::string datagram;
      while (all.size() < count && guest.hear(datagram) > 0) fairway::test::split(datagram, all);
      return all.size() >= count;
    });
    return all;
  }
  bool is_shut(Guest& guest) {
    return wait_until([&] {
      std::string datagram;
      ssize_t got = 1;
      while (got > 0) got = guest.hear(datagram);
      return got == 0;
    });
  }
  bool serves() {
    Guest guest(path());
    if (!guest.say(Message(IPVS_CMD_GET_INFO).take())) return false;
    const auto heard_back = answer(guest, 2);
    return heard_back.size() == 2 && heard_back[0].command() == IPVS_CMD_SET_INFO;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "two clients at once are each answered their own") {
  Guest one(path()), two(path());
  REQUIRE(one.say(Message(IPVS_CMD_NEW_SERVICE).service(key(1), "rr").take()));
  REQUIRE(two.say(Message(IPVS_CMD_NEW_SERVICE, NLM_F_ACK, bridge::family_id, 8).service(key(1), "rr").take()));
  const auto first = answer(one, 1), second = answer(two, 1);
  REQUIRE(first.size() == 1);
  REQUIRE(second.size() == 1);
  CHECK(first[0].header.nlmsg_seq == 7);
  CHECK(second[0].header.nlmsg_seq == 8);
  CHECK(first[0].error() + second[0].error() == EEXIST);
}

TEST_CASE_METHOD(Fixture, "several messages in a datagram are answered in order") {
  Guest guest(path());
  auto both = Message(IPVS_CMD_NEW_SERVICE).service(key(1), "rr").take();
  const auto info = Message(IPVS_CMD_GET_INFO).take();
  both.insert(both.end(), info.begin(), info.end());
  REQUIRE(guest.say(both));
  const auto said = answer(guest, 3);
  REQUIRE(said.size() == 3);
  CHECK(said[0].error() == 0);
  CHECK(said[1].command() == IPVS_CMD_SET_INFO);
}

TEST_CASE_METHOD(Fixture, "garbage is passed over, too much of it ends its sender, and nobody else") {
  Guest garbage(path()), much(path());
  REQUIRE(garbage.say(std::vector<char>(100, 'x')));
  REQUIRE(garbage.say(std::vector<char>(3, '\0')));
  REQUIRE(much.say(std::vector<char>(bridge::largest_message + 1)));
  CHECK(is_shut(much));
  REQUIRE(garbage.say(Message(IPVS_CMD_GET_INFO).take()));
  CHECK(answer(garbage, 2).size() == 2);
  CHECK(serves());
}

TEST_CASE_METHOD(Fixture, "a client that takes no answers is not read, holds nobody up, and is dropped") {
  open({.patience = std::chrono::milliseconds(300)});
  for (std::uint32_t i = 1; i <= 2000; ++i) REQUIRE(add_service(key(i)) == "");
  Guest deaf(path());
  const auto dump = Message(IPVS_CMD_GET_SERVICE, NLM_F_DUMP).take();
  int said = 0;
  while (said < 100'000 && deaf.say(dump)) ++said;
  CHECK(said < 100'000);  // its requests pile up with itself
  CHECK(serves());
  CHECK(door->clients() >= 1);
  CHECK(wait_until([&] { return door->clients() == 0; }));
  CHECK(serves());
}

TEST_CASE_METHOD(Fixture, "a client that floods leaves others their turns") {
  Guest loud(path());
  const auto question = Message(IPVS_CMD_GET_INFO).take();
  for (int round = 0; round < 20; ++round) {
    std::string ignored;
    while (loud.say(question)) {}
    REQUIRE(serves());
    while (loud.hear(ignored) > 0) {}
  }
}

TEST_CASE_METHOD(Fixture, "who is not root may connect, is refused, and does not take root's places") {
  open({.clients = 2, .other_clients = 3, .others_patience = std::chrono::milliseconds(200)});
  is_root = false;
  Guest stranger(path());
  REQUIRE(stranger.say(Message(IPVS_CMD_GET_INFO).take()));
  const auto said = answer(stranger, 1);
  REQUIRE(said.size() == 1);
  CHECK(said[0].error() == EPERM);
  std::vector<std::unique_ptr<Guest>> strangers;
  for (int i = 0; i < 5; ++i) strangers.push_back(std::make_unique<Guest>(path()));
  CHECK(is_shut(*strangers.back()));
  is_root = true;
  CHECK(serves());
  CHECK(wait_until([&] { return door->clients() == 0; }));  // strangers who say nothing go
}

TEST_CASE_METHOD(Fixture, "root has so many places and no more, and keeps them as long as he likes") {
  open({.clients = 2, .others_patience = std::chrono::milliseconds(1)});
  Guest one(path()), two(path()), three(path());
  CHECK(is_shut(three));
  REQUIRE(two.say(Message(IPVS_CMD_GET_INFO).take()));
  CHECK(answer(two, 2).size() == 2);
  CHECK(door->clients() == 2);
}

TEST_CASE_METHOD(Fixture, "the socket is everybody's to connect to, and goes with the door") {
  struct stat status {};
  REQUIRE(stat(path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0666);
  Door second(io, conversation, [](uid_t) { return true; });
  CHECK(second.listen(path()).error().message == "IPVS socket " + path() + ": another director answers there");
  Guest guest(path());
  wait_until([&] { return door->clients() == 1; });
  door->stop();
  CHECK_FALSE(fs::exists(path()));
  CHECK(is_shut(guest));
}
