// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/difference.hpp"

#include <catch2/catch.hpp>

#include "support/inventory.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::inventory;
using fairway::test::service_text;
using fairway::test::texts_of;
using Texts = std::vector<std::string>;

namespace {

/// The commands, and that they lead where they should.
Texts changes(const Inventory& before, const Inventory& after) {
  const auto commands = difference(before, after);
  Replay replay;
  for (const auto& command : difference({}, before)) REQUIRE(replay.apply(command));
  for (const auto& command : commands) CHECK(replay.apply(command));
  CHECK(difference(replay.take(), after).empty());
  return texts_of(commands);
}

Texts changes(const std::string& before, const std::string& after) {
  return changes(inventory(before), inventory(after));
}

const std::string key = R"("address":"10.0.0.1","port":80,"protocol":"tcp")";
const std::string in_service = R"("service":{)" + key + "}";

}  // namespace

TEST_CASE("what is alike takes no commands, whatever the order of services and servers") {
  const std::string one = service_text("scheduler: rr", {1, 2}), two = service_text("scheduler: wrr", {1}, 2);
  CHECK(changes("services:\n" + one + two, "services:\n" + two + one).empty());
  auto turned = inventory("services:\n" + one);
  std::swap(turned.services[0].servers[0], turned.services[0].servers[1]);
  CHECK(changes(inventory("services:\n" + one), turned).empty());
}

TEST_CASE("a server's fields are changed one by one") {
  CHECK(changes("services:\n" + service_text("scheduler: rr", {1, 2}),
                "services:\n" + service_text("scheduler: rr", {1, 5})) ==
        Texts{R"({"edit_server":{"address":"192.0.2.2","port":80,)" + in_service + R"(,"weight":5}})"});
}

TEST_CASE("a last weight is said where the weights do not say it") {
  const auto drained = [](std::uint32_t last) {
    auto made = inventory("services:\n" + service_text("scheduler: mh", {0}));
    made.services[0].servers[0].last_weight = last;
    return made;
  };
  const auto weighed = inventory("services:\n" + service_text("scheduler: mh", {5}));
  const auto edit = [](const std::string& before, const std::string& after) {
    return Texts{R"({"edit_server":{"address":"192.0.2.1",)" + before + R"("port":80,)" + in_service + after + "}}"};
  };
  CHECK(changes(weighed, drained(5)) == edit("", R"(,"weight":0)"));
  CHECK(changes(weighed, drained(3)) == edit(R"("last_weight":3,)", R"(,"weight":0)"));
  CHECK(changes(weighed, drained(0)) == edit(R"("last_weight":0,)", R"(,"weight":0)"));
  CHECK(changes(drained(5), drained(3)) == edit(R"("last_weight":3,)", ""));
  CHECK(changes(drained(3), weighed) == edit("", R"(,"weight":5)"));
  auto without = weighed;
  without.services[0].servers.clear();
  CHECK(changes(without, drained(5)) ==
        Texts{R"({"add_server":{"address":"192.0.2.1","forwarding":"nat","last_weight":5,"port":80,)" + in_service +
              R"(,"weight":0}})"});
}

TEST_CASE("a service has its new servers before it loses the old ones") {
  auto after = inventory("services:\n" + service_text("scheduler: rr", {1}));
  after.services[0].servers[0].address = net::parse_address("192.0.2.9").value();
  CHECK(changes(inventory("services:\n" + service_text("scheduler: rr", {1})), after) ==
        Texts{R"({"add_server":{"address":"192.0.2.9","forwarding":"nat","port":80,)" + in_service + R"(,"weight":1}})",
              R"({"delete_server":{"address":"192.0.2.1","port":80,)" + in_service + "}}"});
}

TEST_CASE("services come and go") {
  CHECK(
      changes("services:\n" + service_text("scheduler: rr", {1}, 2),
              "services:\n" + service_text("scheduler: rr, name: web", {})) ==
      Texts{
          R"({"add_service":{"address":"10.0.0.1","forwarding":"nat","name":"web","port":80,"protocol":"tcp","scheduler":"rr"}})",
          R"({"delete_service":{"address":"10.0.0.2","port":80,"protocol":"tcp"}})"});
}

TEST_CASE("a service's fields are changed one by one, and what hangs on them with them") {
  const auto edits = [](const std::string& before, const std::string& after) {
    return changes("services:\n" + service_text(before, {1}), "services:\n" + service_text(after, {1}));
  };
  const auto edit = [](const std::string& fields) {  // members stand in the order of the alphabet
    return Texts{R"({"edit_service":{"address":"10.0.0.1",)" + fields + "}}"};
  };
  CHECK(edits("scheduler: rr", "scheduler: wrr") == edit(R"("port":80,"protocol":"tcp","scheduler":"wrr")"));
  CHECK(edits("scheduler: rr, name: web", "scheduler: rr") == edit(R"("name":"","port":80,"protocol":"tcp")"));
  CHECK(edits("scheduler: sh, scheduler_flags: [sh-port]", "scheduler: mh, scheduler_flags: [mh-port]") ==
        edit(R"("port":80,"protocol":"tcp","scheduler":"mh","scheduler_flags":["mh-port"])"));
  CHECK(edits("scheduler: sh, scheduler_flags: [sh-port]", "scheduler: sh") ==
        edit(R"("port":80,"protocol":"tcp","scheduler_flags":[])"));
  CHECK(edits("persistence: 300, persistence_netmask: 24", "persistence: 600, persistence_netmask: 24") ==
        edit(R"("persistence":600,"port":80,"protocol":"tcp")"));
  CHECK(edits("persistence: 300, persistence_netmask: 24", "persistence: 300") ==
        edit(R"("persistence_netmask":32,"port":80,"protocol":"tcp")"));
  CHECK(edits("persistence: 300, persistence_netmask: 24", "scheduler: wlc") ==
        edit(R"("persistence":0,"port":80,"protocol":"tcp")"));
}

TEST_CASE("settings are changed one by one") {
  CHECK(changes("settings: {tcp_timeout: 100, udp_timeout: 10}", "settings: {tcp_timeout: 200, udp_timeout: 10}") ==
        Texts{R"({"edit_settings":{"tcp_timeout":200}})"});
}

TEST_CASE("rules for marks come to stand where they should, and one that says less takes no others with it") {
  CHECK(changes("marks: [{mark: 7}, {mark: 7, protocol: tcp}, {mark: 8}]",
                "marks: [{mark: 7, protocol: tcp}, {mark: 9}, {mark: 8}]") ==
        Texts{R"({"delete_mark":{"exact":true,"mark":7}})", R"({"add_mark":{"mark":9,"position":2}})"});
  CHECK(changes("marks: [{mark: 1}, {mark: 2}, {mark: 3}]", "marks: [{mark: 3}, {mark: 1}, {mark: 2}, {mark: 4}]") ==
        Texts{R"({"delete_mark":{"exact":true,"mark":3}})", R"({"add_mark":{"mark":3,"position":1}})",
              R"({"add_mark":{"mark":4}})"});
}

TEST_CASE("a synchronisation daemon that is another is stopped and started") {
  Inventory before, after;
  before.sync_daemons = {{.role = SyncRole::master,
                          .interface = "eth0",
                          .sync_id = 1,
                          .longest_message = 1472,
                          .group = net::parse_address("224.0.0.81").value(),
                          .port = 8848,
                          .ttl = 1}};
  after.sync_daemons = before.sync_daemons;
  after.sync_daemons[0].sync_id = 2;
  const Texts texts = changes(before, after);
  REQUIRE(texts.size() == 2);
  CHECK(texts[0] == R"({"stop_sync_daemon":{"role":"master"}})");
  CHECK(texts[1].find(R"("sync_id":2)") != std::string::npos);
}
