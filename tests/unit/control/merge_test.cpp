// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/merge.hpp"

#include <catch2/catch.hpp>

#include "support/inventory.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::command;
using fairway::test::inventory;
using fairway::test::service_text;

namespace {

/// The file of before, with this done at run time.
Inventory after(const Inventory& file, const std::vector<std::string>& commands) {
  Replay replay;
  for (const auto& service : file.services) REQUIRE(replay.apply(AddService{service}));
  for (const auto& rule : file.marks) REQUIRE(replay.apply(AddMark{.rule = rule, .position = {}}));
  for (const std::string& text : commands) REQUIRE(replay.apply(command(text)));
  return replay.take();
}

std::string on_server(int number, const std::string& name, const std::string& fields = "") {
  return "{\"" + name + R"(":{"service":{"protocol":"tcp","address":"10.0.0.1","port":80},"address":"192.0.2.)" +
         std::to_string(number) + "\"" + fields + "}}";
}

std::string on_service(const std::string& name, const std::string& fields = "", int number = 1) {
  return "{\"" + name + R"(":{"protocol":"tcp","address":"10.0.0.)" + std::to_string(number) + R"(","port":80)" +
         fields + "}}";
}

std::vector<std::uint32_t> weights(const service::ServiceSpec& spec) {
  std::vector<std::uint32_t> found;
  for (const auto& server : spec.servers) found.push_back(server.weight);
  return found;
}

using Weights = std::vector<std::uint32_t>;

const Inventory old_file = inventory("services:\n" + service_text("scheduler: rr", {1, 2, 3}));

std::vector<std::uint32_t> marks(const Inventory& made) {
  std::vector<std::uint32_t> found;
  for (const auto& rule : made.marks) found.push_back(rule.mark);
  return found;
}

}  // namespace

TEST_CASE("without changes at run time the new file is all there is, with its order") {
  const auto next =
      inventory("services:\n" + service_text("scheduler: wrr", {9}, 2) + service_text("scheduler: rr", {3, 1}) +
                "settings: {tcp_timeout: 5}\nmarks: [{mark: 2}, {mark: 1}]\n");
  CHECK(merge(old_file, next, old_file) == next);
  CHECK(merge(old_file, {}, old_file) == Inventory{});
}

TEST_CASE("without changes in the file what was done at run time stands") {
  const auto now = after(old_file, {on_server(1, "edit_server", R"(,"weight":0)"), on_server(2, "delete_server"),
                                    on_server(7, "add_server"), on_service("edit_service", R"(,"scheduler":"wlc")"),
                                    on_service("add_service", "", 2)});
  CHECK(merge(old_file, old_file, now) == now);
  const auto deleted = after(old_file, {on_service("delete_service")});
  CHECK(merge(old_file, old_file, deleted).services.empty());
}

TEST_CASE("a field that the file changes is as the file says, and no other") {
  const auto now =
      after(old_file, {on_server(1, "edit_server", R"(,"weight":10)"), on_server(2, "edit_server", R"(,"weight":20)"),
                       on_service("edit_service", R"(,"name":"mine","persistence":60)")});
  const auto merged = merge(old_file, inventory("services:\n" + service_text("scheduler: wrr", {5, 2, 3})), now);
  CHECK(weights(merged.services.at(0)) == Weights{5, 20, 3});
  CHECK(merged.services[0].scheduler == "wrr");
  CHECK(merged.services[0].name == "mine");
  CHECK(merged.services[0].persistence == 60);
}

TEST_CASE("a server that is drained keeps its last weight, whoever drained it") {
  const auto last_weight = [](const std::vector<int>& file, const Inventory& now) {
    const auto merged = merge(old_file, inventory("services:\n" + service_text("scheduler: wrr", file)), now);
    return merged.services.at(0).servers.at(2).last_weight;
  };
  const auto by_hand = after(old_file, {on_server(3, "edit_server", R"(,"weight":0)")});
  const auto by_both = after(old_file, {on_server(3, "edit_server", R"(,"weight":8)")});
  CHECK(last_weight({1, 2, 3}, by_hand) == 3);
  CHECK(last_weight({1, 2, 0}, by_hand) == 3);
  CHECK(last_weight({1, 2, 0}, by_both) == 8);
  CHECK(last_weight({1, 2, 0}, old_file) == 3);
  CHECK(last_weight({1, 2, 4}, by_hand) == 0);
}

TEST_CASE("what is said together is one field") {
  const auto file = inventory("services:\n" + service_text("scheduler: sh", {1}));
  const auto now = after(file, {on_service("edit_service", R"(,"scheduler":"mh","scheduler_flags":["mh-port"])"),
                                on_server(1, "edit_server", R"(,"upper_threshold":9,"lower_threshold":8)")});
  auto next = inventory("services:\n" + service_text("scheduler: sh, scheduler_flags: [sh-port]", {1}));
  next.services[0].servers[0].upper_threshold = 5;
  const auto merged = merge(file, next, now);
  CHECK(merged.services.at(0).scheduler == "sh");
  CHECK(service::to_string(merged.services[0].scheduler_flags) == "sh-port");
  CHECK(merged.services[0].servers[0].upper_threshold == 5);
  CHECK(merged.services[0].servers[0].lower_threshold == 0);
}

TEST_CASE("what was deleted at run time does not come back when the file changes another field of it") {
  const auto now = after(old_file, {on_server(2, "delete_server")});
  CHECK(weights(
            merge(old_file, inventory("services:\n" + service_text("scheduler: rr", {1, 9, 4})), now).services.at(0)) ==
        Weights{1, 4});
  const auto gone = after(old_file, {on_service("delete_service")});
  CHECK(merge(old_file, inventory("services:\n" + service_text("scheduler: wrr", {1, 2})), gone).services.empty());
}

TEST_CASE("what the file no longer names goes, with what was done to it") {
  const auto now = after(old_file, {on_server(3, "edit_server", R"(,"weight":9)"), on_server(7, "add_server")});
  const auto merged = merge(old_file, inventory("services:\n" + service_text("scheduler: rr", {1, 2})), now);
  CHECK(weights(merged.services.at(0)) == Weights{1, 2, 1});  // the last one was added at run time
  CHECK(merge(old_file, {}, now).services.empty());
}

TEST_CASE("what the file begins to name is as the file says, though it was there") {
  const auto now = after(
      old_file,
      {on_service(
          "add_service",
          R"(,"scheduler":"lc","persistence":5,"servers":[{"address":"192.0.2.1","weight":7},{"address":"192.0.2.8","weight":8}])",
          2)});
  const auto merged = merge(
      old_file,
      inventory("services:\n" + service_text("scheduler: rr", {1, 2, 3}) + service_text("scheduler: wrr", {2, 4}, 2)),
      now);
  REQUIRE(merged.services.size() == 2);
  CHECK(merged.services[1].scheduler == "wrr");
  CHECK(merged.services[1].persistence == 0);
  CHECK(weights(merged.services[1]) == Weights{2, 8, 4});
}

TEST_CASE("settings of the file and of run time stand side by side") {
  auto file = inventory("settings: {tcp_timeout: 100}"), now = file;
  now.settings.udp_timeout = 7;
  now.settings.tcp_timeout = 8;
  auto merged = merge(file, inventory("settings: {tcp_timeout: 100, tcp_fin_timeout: 9}"), now);
  CHECK(merged.settings.tcp_timeout == 8);
  CHECK(merged.settings.tcp_fin_timeout == 9);
  CHECK(merged.settings.udp_timeout == 7);
  CHECK(merge(file, inventory("settings: {tcp_timeout: 101}"), now).settings.tcp_timeout == 101);
}

TEST_CASE("rules for marks of the file and of run time stand side by side, in order") {
  const auto file = inventory("marks: [{mark: 1}, {mark: 2}, {mark: 3}]");
  const auto now = after(file, {R"({"add_mark":{"mark":9,"position":1}})", R"({"delete_mark":{"mark":2}})"});
  CHECK(marks(merge(file, file, now)) == std::vector<std::uint32_t>{9, 1, 3});
  CHECK(marks(merge(file, inventory("marks: [{mark: 1}, {mark: 4}, {mark: 2}]"), now)) ==
        std::vector<std::uint32_t>{9, 1, 4});
  CHECK(marks(merge(file, inventory("marks: [{mark: 3}, {mark: 2}, {mark: 1}]"), now)) ==
        std::vector<std::uint32_t>{9, 3, 1});
}

TEST_CASE("synchronisation daemons are no matter of the file") {
  auto now = old_file;
  now.sync_daemons.push_back({.role = SyncRole::backup, .interface = "eth0"});
  CHECK(merge(old_file, {}, now).sync_daemons == now.sync_daemons);
}
