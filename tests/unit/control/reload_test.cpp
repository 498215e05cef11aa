// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/reload.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "control/difference.hpp"
#include "sched/registry.hpp"
#include "support/control.hpp"
#include "support/folder.hpp"
#include "support/inventory.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::key;
using fairway::test::service_text;
using nlohmann::json;

namespace {

const std::string head = "director: {connections: 5000}\nports: [{name: a, device: net_null0}]\n";

struct Fixture : test::ControlFixture {
  test::Folder folder;
  std::string path = (folder.path / "fairway.yaml").string();
  std::vector<std::string> informed, warned;
  std::vector<std::string> twin;  // what was done to it
  std::string impossible;         // an address
  std::unique_ptr<Reload> reload;

  void write(const std::string& text) { std::ofstream(path) << text; }

  void begin(const std::string& text) {
    write(text);
    const auto loaded = config::load(path, sched::is_known);
    REQUIRE(loaded.configuration);
    for (const Command& command : difference({}, inventory_of(*loaded.configuration))) REQUIRE(apply(command) == "");
    reload = std::make_unique<Reload>(
        director, *loaded.configuration, path,
        Reload::Hooks{.inform = [this](const std::string& what) { informed.push_back(what); },
                      .warn = [this](const std::string& what) { warned.push_back(what); },
                      .change_address = [this](const auto& change) { return change_address(change); }});
  }

  base::Result<void> change_address(const Reload::AddressChange& change) {
    const std::string text = net::to_string(change.prefix);
    if (text == impossible) return base::Error{"cannot put " + text + " on " + change.twin};
    twin.push_back((change.is_added ? "+" : "-") + text + (director.find(key()) ? " with service" : ""));
    return {};
  }

  std::pair<unsigned, json> run(bool is_dry_run = false) {
    const auto job = reload->begin(is_dry_run);
    while (job->advance() != Job::Progress::done) std::this_thread::yield();
    drain();
    return {job->reply.status, json::parse(job->reply.body)};
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a reload tells what it changes, a dry run the same and changes nothing") {
  begin(head + "services:\n" + service_text("scheduler: rr", {1, 2}));
  CHECK(run(true).second.at("changes").empty());
  write(head + "services:\n" + service_text("scheduler: rr", {1, 5}));
  const auto [status, told] = run(true);
  CHECK(status == 200);
  CHECK(told.at("file") == path);
  CHECK(told.at("warnings") ==
        json{path +
             ":4:15: warning: address: no port has 10.0.0.1 among its addresses; somebody else, as keepalived, has to "
             "add it"});
  const std::string edit =
      R"({"edit_server":{"address":"192.0.2.2","port":80,"service":{"address":"10.0.0.1","port":80,"protocol":"tcp"},"weight":5}})";
  CHECK(told.at("changes") == json::array({json::parse(edit)}));
  CHECK(server(key(), "192.0.2.2").weight == 2);
  CHECK(informed.empty());
  const auto id = server(key(), "192.0.2.2").id;
  CHECK(run() == std::pair(200u, told));
  CHECK(server(key(), "192.0.2.2").weight == 5);
  CHECK(server(key(), "192.0.2.2").id == id);
  CHECK(informed == std::vector<std::string>{"reload of " + path + ": 1 changes", "reload: " + edit});
  CHECK(run().second.at("changes").empty());
}

TEST_CASE_METHOD(Fixture, "what was done at run time stands until the file changes that field") {
  begin(head + "services:\n" + service_text("scheduler: rr", {1, 2}));
  const EditServer edit{
      .service = key(), .address = test::address("192.0.2.1"), .port = test::port(80), .weight = 9, .forwarding = {}};
  CHECK(apply(edit) == "");
  write(head + "services:\n" + service_text("scheduler: wrr", {1, 3}));
  run();
  CHECK(server(key(), "192.0.2.1").weight == 9);
  CHECK(server(key(), "192.0.2.2").weight == 3);
  write(head + "services:\n" + service_text("scheduler: wrr", {4, 3}));
  run();
  CHECK(server(key(), "192.0.2.1").weight == 4);
}

TEST_CASE_METHOD(Fixture, "a file that is wrong is refused whole, with every place, and the next good one is taken") {
  begin(head + "services:\n" + service_text("scheduler: rr", {1}));
  write(head + "services:\n" + service_text("scheduler: sed", {7}) + service_text("sheduler: rr", {-1}, 2));
  for (const bool is_dry_run : {true, false}) {
    const auto [status, told] = run(is_dry_run);
    CHECK(status == 422);
    REQUIRE(told.at("problems").size() == 2);
    CHECK(told.at("problems")[0].get<std::string>().starts_with(path + ":5:35: unknown key 'sheduler'"));
    CHECK(told.at("problems")[1].get<std::string>().starts_with(path + ":5:"));
    CHECK(told.at("error") == path + ": the file is refused" + (is_dry_run ? "" : "; the director goes on as it was"));
    CHECK(warned.size() == (is_dry_run ? 0 : 3));
  }
  CHECK(director.find(key())->scheduler->name() == "rr");
  std::filesystem::remove(path);
  CHECK(run().second.at("problems").at(0).get<std::string>().starts_with(path + ":1:1: the file cannot be read"));
  write(head);
  CHECK(run().first == 200);
  CHECK(director.services().empty());
}

TEST_CASE_METHOD(Fixture, "what needs a restart refuses the file") {
  begin(head + "services:\n" + service_text("scheduler: rr", {1}));
  write("director: {connections: 6000}\nports: [{name: a, device: net_null0, mtu: 1400}]\n");
  const auto [status, told] = run();
  CHECK(status == 422);
  CHECK(told.at("problems") ==
        json{path + ":1:25: connections: it cannot be changed while the director runs, a restart is needed",
             path + ":2:43: mtu: it cannot be changed while the director runs, a restart is needed"});
  CHECK(director.services().size() == 1);
}

TEST_CASE_METHOD(Fixture, "a twin gets a virtual address before its service, and loses it after that") {
  const auto file = [](const std::string& addresses, const std::string& rest) {
    return "ports: [{name: a, device: net_null0, kernel_interface: fw0, addresses: [" + addresses + "]}]\n" + rest;
  };
  const std::string service = "services:\n" + service_text("scheduler: rr", {1});
  begin(file("192.168.4.5/24", ""));
  write(file("192.168.4.5/24, 10.0.0.1/32", service));
  CHECK(run(true).second.at("addresses") ==
        json::array({{{"interface", "fw0"}, {"address", "10.0.0.1/32"}, {"change", "add"}}}));
  CHECK(twin.empty());
  CHECK(run().first == 200);
  CHECK(twin == std::vector<std::string>{"+10.0.0.1/32"});
  twin.clear();
  write(file("192.168.4.5/24, 10.0.0.2/32, 10.0.0.3/32", ""));
  impossible = "10.0.0.3/32";
  const auto [status, told] = run();
  CHECK(status == 500);
  CHECK(told.at("error") == path + ": cannot put 10.0.0.3/32 on fw0; the director goes on as it was");
  CHECK(twin == std::vector<std::string>{"+10.0.0.2/32 with service", "-10.0.0.2/32 with service"});
  CHECK(director.find(key()));
  twin.clear();
  impossible.clear();
  CHECK(run().first == 200);
  CHECK(twin == std::vector<std::string>{"+10.0.0.2/32 with service", "+10.0.0.3/32 with service", "-10.0.0.1/32"});
}

TEST_CASE_METHOD(Fixture, "many changes are not all logged") {
  begin(head);
  std::string text = head + "services:\n";
  for (int number = 1; number <= 60; ++number) text += service_text("scheduler: rr", {1}, number);
  write(text);
  CHECK(run().second.at("changes").size() == 60);
  CHECK(informed.size() == 52);
  CHECK(informed.back() == "reload: and 10 more");
}
