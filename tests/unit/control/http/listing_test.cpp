// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/listing.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "control/http/views.hpp"
#include "support/control.hpp"

using namespace fairway;
using namespace fairway::control;
using namespace fairway::control::http;
using fairway::test::address;
using fairway::test::ControlFixture;
using fairway::test::key;
using fairway::test::port;
using nlohmann::json;

namespace {

struct Fixture : ControlFixture {
  /// A worker's table: one connection a slot, no slot empty.
  std::vector<worker::ConnectionRow> tables[workers];
  std::shared_ptr<Questions> questions = std::make_shared<Questions>(crew);

  void fill(unsigned worker, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i)
      tables[worker].push_back({.protocol = net::Protocol::tcp,
                                .client = net::Ipv4Address(0x01000000u + i),
                                .virtual_address = address("10.0.0.1"),
                                .server = address("192.0.2.1"),
                                .client_port = port(1024),
                                .virtual_port = port(80),
                                .server_port = port(8080),
                                .forwarding = service::Forwarding::nat,
                                .state = conn::State::established,
                                .expires = 900,
                                .in_packets = i,
                                .worker = worker});
  }

  /// What a worker does in one loop.
  void answer(unsigned worker) {
    worker::ListConnections* question = crew.channel(worker).question();
    if (!question) return;
    const auto& table = tables[worker];
    std::uint32_t slot = question->first_slot;
    for (; slot < table.size() && question->rows.size() < question->limit; ++slot)
      question->rows.push_back(table[slot]);
    question->next_slot = slot == table.size() ? 0 : slot;
    crew.channel(worker).answered();
    question->done.store(true, std::memory_order_release);
  }

  json run(Job& job) {
    while (job.advance() != Job::Progress::done)
      for (unsigned worker = 0; worker < workers; ++worker) answer(worker);
    return json::parse(job.reply.body);
  }

  json list(std::uint32_t limit) {
    ConnectionListing listing(questions, limit);
    return run(listing);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "services are listed with their servers, the oldest first, and what both counted") {
  add_service(key(2), {});
  add_service(key(1), {{address("192.0.2.1"), port(80), 1}, {address("192.0.2.2"), port(8080), 3, {}, 7, 5}});
  const auto id = server(key(1), "192.0.2.2").id;
  for (unsigned worker = 0; worker < workers; ++worker) {
    auto& line = crew.lines(worker)[id.value];
    line.active.set(1);
    line.inactive.set(2);
    line.persistent.set(4);
    line.connections.set(3);
    line.in_packets.set(4);
    line.out_packets.set(5);
    line.in_bytes.set(6);
    line.out_bytes.set(7);
  }
  crew.limits()[id.value].bound(7);
  ServiceListing listing(director);
  const json services = run(listing).at("services");
  REQUIRE(services.size() == 2);
  CHECK(services[0].at("address") == "10.0.0.2");
  CHECK(services[0].at("servers") == json::array());
  CHECK(services[1] == json::parse(R"({"name": "web", "protocol": "tcp", "address": "10.0.0.1", "port": 80,
      "scheduler": "rr", "scheduler_flags": [], "forwarding": "nat", "persistence": 0, "persistence_netmask": null,
      "one_packet": false, "address_missing": true,
      "connections": 6, "in_packets": 8, "out_packets": 10, "in_bytes": 12, "out_bytes": 14,
      "per_second": {"connections": 0, "in_packets": 0, "out_packets": 0, "in_bytes": 0, "out_bytes": 0}, "servers": [
      {"address": "192.0.2.1", "port": 80, "weight": 1, "forwarding": "nat", "upper_threshold": 0,
       "lower_threshold": 0, "overloaded": false, "active": 0, "inactive": 0, "persistent": 0,
       "connections": 0, "in_packets": 0, "out_packets": 0, "in_bytes": 0, "out_bytes": 0,
      "per_second": {"connections": 0, "in_packets": 0, "out_packets": 0, "in_bytes": 0, "out_bytes": 0}},
      {"address": "192.0.2.2", "port": 8080, "weight": 3, "forwarding": "nat", "upper_threshold": 7,
       "lower_threshold": 5, "overloaded": true, "active": 2, "inactive": 4, "persistent": 8,
       "connections": 6, "in_packets": 8, "out_packets": 10, "in_bytes": 12, "out_bytes": 14,
      "per_second": {"connections": 0, "in_packets": 0, "out_packets": 0, "in_bytes": 0, "out_bytes": 0}}]})"));
}

TEST_CASE_METHOD(Fixture, "a service by mark has its mark where others have an address, and all that it was told") {
  CHECK(apply(AddService{{.name = "both",
                          .key = service::mark_key(7),
                          .persistence = 300,
                          .persistence_prefix = 24,
                          .one_packet = true,
                          .servers = {}}}) == "");
  CHECK(apply(AddService{
            {.name = "all", .key = service::mark_key(7, net::Family::ipv6), .persistence = 60, .servers = {}}}) == "");
  ServiceListing listing(director);
  json services = run(listing).at("services");
  for (const char* name : {"connections", "in_packets", "out_packets", "in_bytes", "out_bytes", "per_second"})
    services[0].erase(name);
  CHECK(services[0] == json::parse(R"({"name": "both", "mark": 7, "scheduler": "wlc", "scheduler_flags": [],
      "forwarding": "nat", "persistence": 300, "persistence_netmask": 24, "one_packet": true, "address_missing": false,
      "servers": []})"));
  CHECK(services[1].at("mark") == 7);
  CHECK(services[1].at("family") == "ipv6");
  CHECK(services[1].at("persistence_netmask") == 128);
}

TEST_CASE_METHOD(Fixture, "a service whose address stands on a port is not marked") {
  add_service(key(1));
  auto routes = std::make_shared<route::Snapshot>();
  routes->ports.push_back({.name = "outside", .macs = {}, .local = {address("10.0.0.1")}});
  director.routes_changed(routes);
  ServiceListing listing(director);
  CHECK(run(listing).at("services")[0].at("address_missing") == false);
}

TEST_CASE_METHOD(Fixture, "a long list of services leaves turns to others, and those deleted meanwhile are left out") {
  for (std::uint32_t i = 1; i <= 1000; ++i) add_service(key(i));
  ServiceListing listing(director);
  REQUIRE(listing.advance() == Job::Progress::more);
  for (std::uint32_t i = 501; i <= 1000; ++i) apply(DeleteService{key(i)});
  CHECK(run(listing).at("services").size() == 500);
}

TEST_CASE_METHOD(Fixture, "connections of all workers are listed, slice by slice") {
  fill(0, 10'000);
  fill(1, 5'000);
  const json list_ = list(1'000'000);
  CHECK(list_.at("truncated") == false);
  const json& connections = list_.at("connections");
  REQUIRE(connections.size() == 15'000);
  CHECK(connections[9'999] == json::parse(R"({"protocol": "tcp", "state": "ESTABLISHED", "expires": 900,
      "client": "1.0.39.15:1024", "virtual": "10.0.0.1:80", "server": "192.0.2.1:8080", "forwarding": "nat",
      "in_packets": 9999, "worker": 0, "template": false})"));
  CHECK(connections[10'000].at("worker") == 1);
  CHECK(connections[14'999].at("in_packets") == 4'999);
}

TEST_CASE("templates stand beside connections, told apart by a flag") {
  worker::ConnectionRow row{.protocol = net::Protocol::tcp,
                            .client = address("10.1.0.0"),
                            .virtual_address = address("192.168.4.15"),
                            .server = address("192.0.2.1"),
                            .client_port = {},
                            .virtual_port = port(80),
                            .server_port = port(8080),
                            .expires = 290,
                            .worker = 1,
                            .is_template = true,
                            .assured = false,
                            .controls = 2};
  CHECK(json(connection_view(row)) == json::parse(R"({"protocol": "tcp", "state": "NONE", "expires": 290,
      "client": "10.1.0.0:0", "virtual": "192.168.4.15:80", "server": "192.0.2.1:8080", "forwarding": null,
      "in_packets": null, "worker": 1, "template": true, "controls": 2})"));
  row.assured = true;
  row.protocol = {};
  row.virtual_address = net::Ipv4Address(4'294'967'295);
  row.virtual_port = {};
  const json of_mark = connection_view(row);
  CHECK(of_mark.at("state") == "ASSURED");
  CHECK(of_mark.at("protocol") == "ip");
  CHECK(of_mark.at("virtual") == "mark 4294967295");
}

TEST_CASE_METHOD(Fixture, "a list is cut at its limit, and says so only if there was more") {
  fill(0, 5);
  fill(1, 5'000);
  for (const std::uint32_t limit : {0u, 1u, 4u, 5u, 6u, 4'096u, 5'004u}) {
    const json list_ = list(limit);
    CHECK(list_.at("connections").size() == limit);
    CHECK(list_.at("truncated") == true);
  }
  const json whole = list(5'005);
  CHECK(whole.at("connections").size() == 5'005);
  CHECK(whole.at("truncated") == false);
}

TEST_CASE_METHOD(Fixture, "a list that nobody waits for any more is not written over by the next") {
  fill(0, 10);
  {
    ConnectionListing abandoned(questions, 10);
    REQUIRE(abandoned.advance() == Job::Progress::wait);
  }
  ConnectionListing next(questions, 3);
  for (int i = 0; i < 3; ++i) CHECK(next.advance() == Job::Progress::wait);
  REQUIRE(crew.channel(0).question());
  CHECK(crew.channel(0).question()->limit == 11);
  CHECK(run(next).at("connections").size() == 3);
}

TEST_CASE_METHOD(Fixture, "two lists at a time take turns") {
  fill(0, 9'000);
  ConnectionListing first(questions, 100'000), second(questions, 100'000);
  auto first_is = Job::Progress::more, second_is = Job::Progress::more;
  while (first_is != Job::Progress::done || second_is != Job::Progress::done) {
    if (first_is != Job::Progress::done) first_is = first.advance();
    if (second_is != Job::Progress::done) second_is = second.advance();
    for (unsigned worker = 0; worker < workers; ++worker) answer(worker);
  }
  CHECK(json::parse(first.reply.body).at("connections").size() == 9'000);
  CHECK(json::parse(second.reply.body).at("connections").size() == 9'000);
}
