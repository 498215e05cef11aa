// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "control/difference.hpp"
#include "control/director.hpp"
#include "control/http/command_batch.hpp"
#include "control/merge.hpp"
#include "sched/scheduler.hpp"
#include "support/control.hpp"
#include "support/folder.hpp"
#include "support/inventory.hpp"
#include "support/ipvs.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::inventory;
using fairway::test::key;
using fairway::test::service_text;

namespace {

/// A director that keeps a journal, of a file with one service.
template <class Base>
struct Kept : Base {
  test::Folder folder;
  Inventory file = inventory("marks: [{mark: 7}]\nservices:\n" + service_text("scheduler: wrr", {1, 2}));
  std::unique_ptr<Journal> journal;

  Kept() {
    journal = std::move(Journal::open((folder.path / "journal").string())->journal);
    for (const Command& command : difference({}, file)) REQUIRE(this->director.apply(command));
    this->finish();
    REQUIRE(this->director.keep(*journal, file));
  }

  Inventory kept() { return journal->read()->table; }
};

using Fixture = Kept<test::ControlFixture>;
using IpvsFixture = Kept<test::IpvsFixture>;

/// The address of the server of each of many clients; none: nobody's.
std::vector<net::Address> servers_of_clients(const service::Service& service) {
  const service::Loads loads({});
  net::PacketView packet;
  std::vector<net::Address> servers;
  for (std::uint32_t client = 1; client <= 500; ++client) {
    packet.tuple.source = net::Ipv4Address(0xcb007100u + client);
    const auto* server = service.scheduler->pick({.service = service, .worker = 0, .loads = loads, .packet = packet});
    servers.push_back(server ? server->address : net::Address());
  }
  return servers;
}

/// From now on no file takes a byte more.
class FullDisk {
 public:
  FullDisk() {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{1, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a director is the inventory that it was made of") { CHECK(director.inventory() == file); }

TEST_CASE_METHOD(Fixture, "what the director does its journal keeps, and what it refuses not") {
  CHECK(add_service(key(2)) == "");
  CHECK(add_service(key(2)) != "");
  CHECK(apply(ZeroStatistics{}) == "");
  CHECK(kept() == director.inventory());
  CHECK(kept().services.size() == 2);
}

TEST_CASE_METHOD(Fixture, "what the journal does not take is undone, and every command of the slice told so") {
  const Inventory before = director.inventory();
  http::CommandBatch batch(director, R"([{"delete_mark":{"mark":7}},
      {"edit_server":{"service":{"protocol":"tcp","address":"10.0.0.1","port":80},"address":"192.0.2.2","weight":9}},
      {"delete_server":{"service":{"protocol":"tcp","address":"10.0.0.1","port":80},"address":"192.0.2.1"}},
      {"delete_service":{"protocol":"tcp","address":"10.0.0.9","port":80}}])",
                           false);
  {
    const FullDisk full;
    while (batch.advance() != Job::Progress::done) drain();
  }
  const auto results = nlohmann::json::parse(batch.reply.body).at("results");
  REQUIRE(results.size() == 4);
  for (int i = 0; i < 3; ++i)
    CHECK(results[static_cast<std::size_t>(i)].at("error") == "journal " + journal->path() + ": File too large");
  CHECK(results[3].at("error") == "there is no service tcp 10.0.0.9:80");
  drain();
  CHECK(difference(before, director.inventory()).empty());
  CHECK(director.inventory().marks == before.marks);
  CHECK(kept() == before);
  CHECK(apply(DeleteService{key(1)}) == "journal " + journal->path() + ": File too large");
  CHECK(director.inventory().services.size() == 1);
  REQUIRE(director.tick_journal());
  CHECK(apply(DeleteService{key(1)}) == "");
  CHECK(kept().services.empty());
}

TEST_CASE_METHOD(IpvsFixture, "ipvsadm is told that the journal does not take its edit, and nothing was done") {
  const auto daemon = [](std::uint8_t command) {
    return test::Message(command).nest(IPVS_CMD_ATTR_DAEMON, [](test::Message& m) {
      m.put32(IPVS_DAEMON_ATTR_STATE, IP_VS_STATE_MASTER)
          .text(IPVS_DAEMON_ATTR_MCAST_IFN, "lo")
          .put32(IPVS_DAEMON_ATTR_SYNC_ID, 3);
    });
  };
  {
    const FullDisk full;
    CHECK(order(test::Message(IPVS_CMD_DEL_SERVICE).service(key())) == EIO);
    CHECK(order(test::Message(IPVS_CMD_FLUSH)) == EIO);
    CHECK(order(daemon(IPVS_CMD_NEW_DAEMON)) == EIO);
    CHECK(director.inventory().services.size() == 1);
    CHECK(director.sync_daemons().empty());
  }
  REQUIRE(director.tick_journal());
  CHECK(order(daemon(IPVS_CMD_NEW_DAEMON)) == 0);
  CHECK(order(test::Message(IPVS_CMD_SET_CONFIG).put32(IPVS_CMD_ATTR_TIMEOUT_UDP, 17)) == 0);
  CHECK(order(test::Message(IPVS_CMD_FLUSH)) == 0);
  CHECK(kept().services.empty());
  CHECK(kept().settings.udp_timeout == 17);
  REQUIRE(kept().sync_daemons.size() == 1);
  CHECK(kept().sync_daemons[0].sync_id == 3);
}

TEST_CASE_METHOD(Fixture, "the director lets its journal be written anew when it has grown long") {
  for (int i = 0; !journal->wants_compaction(); ++i)
    REQUIRE(apply(EditServer{.service = key(),
                             .address = test::address("192.0.2.1"),
                             .port = test::port(80),
                             .weight = static_cast<std::uint32_t>(i),
                             .forwarding = {}}) == "");
  const Inventory before = kept();
  REQUIRE(director.tick_journal());
  CHECK(!journal->wants_compaction());
  CHECK(kept() == before);
  CHECK(journal->read()->file == file);
  CHECK(std::filesystem::file_size(journal->path()) < 2000);
}

TEST_CASE_METHOD(Fixture, "what is drained moves nobody's clients at a restart either, where mh goes by last weights") {
  const auto next = inventory("services:\n" + service_text("scheduler: mh", {3, 2, 1}));
  const auto service_of = [](const Director& one) { return one.find(key()); };
  const auto edit = [&](const char* server, std::uint32_t weight) {
    return apply(EditServer{.service = key(),
                            .address = test::address(server),
                            .port = test::port(80),
                            .weight = weight,
                            .forwarding = {}});
  };
  REQUIRE(director.change_to(next, next));
  drain();
  REQUIRE(edit("192.0.2.2", 7) == "");
  const auto at_first = servers_of_clients(*service_of(director));
  REQUIRE(edit("192.0.2.2", 0) == "");
  const auto before = servers_of_clients(*service_of(director));
  std::size_t moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    moved += before[i] != at_first[i] && at_first[i] != test::address("192.0.2.2");
  CHECK(moved == 0);
  CHECK(before != at_first);
  for (const bool is_compacted : {false, true}) {
    if (is_compacted) REQUIRE(journal->compact(director.inventory()));
    const auto contents = journal->read();
    REQUIRE(contents);
    test::ControlFixture restarted;
    for (const Command& command : difference({}, merge(contents->file, next, contents->table)))
      REQUIRE(restarted.apply(command) == "");
    CHECK(servers_of_clients(*service_of(restarted.director)) == before);
  }
}

TEST_CASE_METHOD(Fixture, "a change of the file is made whole, or undone whole") {
  auto next = file;
  next.services[0].servers[0].weight = 7;
  next.services.push_back({.name = "new", .key = key(2), .scheduler = "rr", .servers = {}});
  const auto id = server(key(), "192.0.2.1").id;
  auto impossible = next;
  impossible.services.push_back({.name = "odd", .key = key(3), .scheduler = "no such scheduler", .servers = {}});
  const auto refused = director.change_to(impossible, impossible);
  drain();
  REQUIRE(!refused);
  CHECK(refused.error().message == "there is no scheduler named 'no such scheduler'");
  CHECK(difference(director.inventory(), file).empty());
  CHECK(kept() == file);
  REQUIRE(director.change_to(next, next));
  drain();
  CHECK(director.inventory() == next);
  CHECK(kept() == next);
  CHECK(journal->read()->file == next);
  CHECK(server(key(), "192.0.2.1").id == id);
}

TEST_CASE_METHOD(Fixture, "a change of the file that the disk has no room for is not made") {
  const FullDisk full;
  const auto refused = director.change_to({}, {});
  REQUIRE(!refused);
  CHECK(refused.error().message.find("File too large") != std::string::npos);
  CHECK(director.inventory() == file);
}
