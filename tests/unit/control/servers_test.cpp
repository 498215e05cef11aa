// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/servers.hpp"

#include <catch2/catch.hpp>

#include "support/control.hpp"

using namespace fairway;
using namespace fairway::control;
using namespace std::chrono_literals;
using fairway::test::address;
using fairway::test::key;
using fairway::test::port;
using service::Forwarding;

namespace {

struct Fixture {
  worker::Crew crew{2};
  test::Keeper keeper;
  service::Table table{[](void* crew_, std::shared_ptr<const void> garbage) {
                         static_cast<worker::Crew*>(crew_)->retire(std::move(garbage));
                       },
                       &crew};
  Servers servers{crew, table, keeper};
  Servers::Time now{};

  static ServerName name(const std::string& text, unsigned service = 1) {
    return {key(service), address(text), port(80)};
  }
  static service::ServerSpec spec(Forwarding forwarding, std::uint32_t upper = 0, std::uint32_t lower = 0) {
    return {.address = address("192.0.2.1"),
            .port = port(80),
            .forwarding = forwarding,
            .upper_threshold = upper,
            .lower_threshold = lower};
  }
  static service::Endpoint endpoint(const std::string& text) {
    return service::endpoint_of(net::Protocol::tcp, address(text), port(80));
  }
  service::ServerId add(const std::string& text, Forwarding forwarding = Forwarding::nat) {
    return servers.add(name(text), spec(forwarding)).value();
  }
  service::ServerLine& line(service::ServerId id, unsigned worker = 0) { return crew.lines(worker)[id.value]; }
  service::ServerStatus::Value status(service::ServerId id) const { return servers.statuses()[id.value].get(); }
  void sweep_after(std::chrono::seconds time) {
    now += time;
    servers.sweep(now);
    for (unsigned worker = 0; worker < crew.size(); ++worker) crew.channel(worker).drain([](const auto&) {});
  }
};

std::shared_ptr<const route::Snapshot> routes(std::uint64_t generation,
                                              std::vector<std::pair<const char*, std::uint32_t>> ways) {
  auto snapshot = std::make_shared<route::Snapshot>();
  snapshot->wanted_generation = generation;
  std::vector<route::Route> all;
  for (const auto& [prefix, id] : ways)
    all.push_back({net::parse_prefix(prefix).value(), {{.on_link = false, .gateway = route::NextHopId{id}}}});
  snapshot->set_routes(all);
  return snapshot;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a server stays in the trash while a connection refers to it, and two minutes more") {
  const auto id = add("192.0.2.1");
  line(id, 1).inactive.set(1);
  servers.remove(id);
  for (int minute = 0; minute < 10; ++minute) sweep_after(60s);
  CHECK(servers.is_in_trash(name("192.0.2.1")));
  CHECK(table.is_nat_server(endpoint("192.0.2.1")));

  line(id, 1).inactive.set(0);
  sweep_after(60s);
  sweep_after(60s);
  CHECK(servers.is_in_trash(name("192.0.2.1")));
  sweep_after(59s);
  CHECK(servers.is_in_trash(name("192.0.2.1")));
  sweep_after(1s);
  CHECK_FALSE(servers.is_in_trash(name("192.0.2.1")));
  CHECK(servers.count() == 0);
}

TEST_CASE_METHOD(Fixture, "a connection that shows up again starts the two minutes anew") {
  const auto id = add("192.0.2.1");
  servers.remove(id);
  sweep_after(60s);
  line(id).active.set(1);
  sweep_after(120s);
  line(id).active.set(0);
  sweep_after(60s);
  CHECK(servers.count_in_trash() == 1);
  sweep_after(120s);
  CHECK(servers.count_in_trash() == 0);
}

TEST_CASE_METHOD(Fixture, "a server that is added again has its id and its counts, but only in the same service") {
  const auto id = add("192.0.2.1");
  line(id).in_bytes.add(1000);
  line(id, 1).active.add(2);
  servers.remove(id);
  CHECK(servers.add(name("192.0.2.1", 2), spec(Forwarding::nat)).value() != id);
  CHECK(servers.add({key(1), address("192.0.2.1"), port(81)}, spec(Forwarding::nat)).value() != id);
  CHECK(add("192.0.2.1") == id);
  CHECK(servers.statistics(id).in_bytes == 1000);
  CHECK(servers.connections(id).active == 2);
  CHECK(servers.count_in_trash() == 0);
  sweep_after(600s);
  sweep_after(600s);
  CHECK(status(id).available);
}

TEST_CASE_METHOD(Fixture, "a freed id is given to another server, with counts that begin at zero") {
  const auto id = add("192.0.2.1");
  for (unsigned worker = 0; worker < 2; ++worker) {
    line(id, worker).connections.add(1);
    line(id, worker).in_packets.add(2);
    line(id, worker).in_bytes.add(3);
    line(id, worker).out_packets.add(4);
    line(id, worker).out_bytes.add(5);
  }
  servers.remove(id);
  sweep_after(60s);
  sweep_after(120s);
  CHECK(add("192.0.2.9") == id);
  CHECK(servers.statistics(id) == Statistics{});
  CHECK(servers.total() == Statistics{2, 4, 6, 8, 10});
}

TEST_CASE_METHOD(Fixture, "lines are zeroed only when each worker that is awake has come by") {
  const auto id = add("192.0.2.1");
  line(id).in_packets.add(7);
  servers.remove(id);
  sweep_after(60s);
  const auto drained = crew.channel(0).drained();
  sweep_after(120s);  // sleepers are not waited for, but find the message first of all
  CHECK(crew.channel(0).drained() == drained + 1);
  CHECK(servers.statistics(id).in_packets == 0);
}

TEST_CASE_METHOD(Fixture, "a server that is NAT no more stays a NAT endpoint while it has connections") {
  const auto id = add("192.0.2.1");
  servers.edit(id, spec(Forwarding::dr));
  line(id).active.set(1);
  sweep_after(60s);
  CHECK(table.is_nat_server(endpoint("192.0.2.1")));
  line(id).active.set(0);
  sweep_after(60s);
  CHECK_FALSE(table.is_nat_server(endpoint("192.0.2.1")));
  servers.edit(id, spec(Forwarding::nat));
  CHECK(table.is_nat_server(endpoint("192.0.2.1")));
  sweep_after(60s);
  CHECK(table.is_nat_server(endpoint("192.0.2.1")));
}

TEST_CASE_METHOD(Fixture, "a service has a NAT server as long as that one is in it, and NAT") {
  const auto id = add("192.0.2.1");
  CHECK(table.has_nat_server(endpoint("192.0.2.1")));
  servers.edit(id, spec(Forwarding::dr));
  CHECK_FALSE(table.has_nat_server(endpoint("192.0.2.1")));
  servers.edit(id, spec(Forwarding::nat));
  servers.edit(id, spec(Forwarding::nat));
  CHECK(table.has_nat_server(endpoint("192.0.2.1")));
  const auto second = servers.add(name("192.0.2.1", 2), spec(Forwarding::nat)).value();
  line(id).active.set(1);
  servers.remove(id);
  CHECK(table.has_nat_server(endpoint("192.0.2.1")));
  servers.remove(second);
  CHECK_FALSE(table.has_nat_server(endpoint("192.0.2.1")));
  CHECK(table.is_nat_server(endpoint("192.0.2.1")));
  CHECK(add("192.0.2.1") == id);
  CHECK(table.has_nat_server(endpoint("192.0.2.1")));
}

TEST_CASE_METHOD(Fixture, "two services share a NAT endpoint: one of them going does not take it away") {
  const auto id = add("192.0.2.1");
  REQUIRE(servers.add(name("192.0.2.1", 2), spec(Forwarding::nat)));
  servers.remove(id);
  sweep_after(60s);
  sweep_after(120s);
  CHECK(table.is_nat_server(endpoint("192.0.2.1")));
}

TEST_CASE_METHOD(Fixture, "a neighbour is wanted once, from the first server with its address to the last") {
  const auto first = add("192.0.2.1");
  const auto second = servers.add(name("192.0.2.1", 2), spec(Forwarding::nat)).value();
  CHECK(keeper.calls == std::vector<std::string>{"want 192.0.2.1"});
  servers.remove(first);
  CHECK(keeper.calls.size() == 1);
  servers.remove(second);
  CHECK(keeper.calls == std::vector<std::string>{"want 192.0.2.1", "unwant 192.0.2.1"});
  add("192.0.2.1");
  CHECK(keeper.calls.back() == "want 192.0.2.1");
}

TEST_CASE_METHOD(Fixture, "next hops follow the routes") {
  const auto early = add("192.0.2.1");
  CHECK(status(early).next_hop == 0);
  servers.routes_changed(routes(1, {{"192.0.2.0/24", 5}}));
  CHECK(status(early).next_hop == 5);
  CHECK(status(early).available);
  const auto late = add("192.0.2.2");
  const auto gone = add("192.0.2.3");
  CHECK(status(late).next_hop == 5);
  servers.remove(gone);
  servers.routes_changed(routes(2, {{"192.0.2.0/24", 5}, {"192.0.2.2/32", 6}}));
  CHECK(status(early).next_hop == 5);
  CHECK(status(late).next_hop == 6);
  CHECK_FALSE(status(gone).available);
  add("192.0.2.3");
  CHECK(status(gone).next_hop == 5);
}

TEST_CASE_METHOD(Fixture, "when all ids are taken it says so, and a server of the trash still comes back") {
  ServerName server = name("192.0.2.1");
  for (std::uint32_t i = 0; i < service::max_servers; ++i) {
    server.service = key(i);
    if (!servers.add(server, spec(Forwarding::dr))) FAIL(i);
  }
  CHECK_FALSE(servers.have_room_for(1));
  server.service = key(service::max_servers);
  const auto refused = servers.add(server, spec(Forwarding::dr));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "there is no room for another server: 1048576 are there, deleted ones with connections included");
  servers.remove({3});
  server.service = key(3);
  CHECK(servers.add(server, spec(Forwarding::dr)).value() == service::ServerId{3});
}

TEST_CASE_METHOD(Fixture, "workers are told of weight 0, when a server comes and when it is edited") {
  service::ServerSpec quiescent = spec(Forwarding::nat);
  quiescent.weight = 0;
  const auto id = servers.add(name("192.0.2.1"), quiescent).value();
  CHECK(crew.loads().is_quiescent(id));
  servers.edit(id, spec(Forwarding::nat));
  CHECK_FALSE(crew.loads().is_quiescent(id));
  servers.edit(id, quiescent);
  CHECK(crew.loads().is_quiescent(id));
}

TEST_CASE_METHOD(Fixture, "thresholds reach the workers, and overload outlasts the trash but not the server") {
  const auto id = servers.add(name("192.0.2.1"), spec(Forwarding::nat, 4, 2)).value();
  service::ServerLimits& limits = crew.limits()[id.value];
  CHECK(limits.upper() == 4);
  CHECK(limits.lower() == 2);
  limits.bound(4);
  CHECK(crew.loads().is_overloaded(id));
  servers.edit(id, spec(Forwarding::nat, 3, 2));
  CHECK(crew.loads().is_overloaded(id));  // a lower one is no reason to take connections again
  servers.remove(id);
  REQUIRE(servers.add(name("192.0.2.1"), spec(Forwarding::nat, 3)).value() == id);
  CHECK(crew.loads().is_overloaded(id));
  servers.edit(id, spec(Forwarding::nat, 5));
  CHECK_FALSE(crew.loads().is_overloaded(id));

  limits.bound(5);
  servers.remove(id);
  sweep_after(60s);
  sweep_after(120s);
  REQUIRE(servers.add(name("192.0.2.9"), spec(Forwarding::nat, 5)).value() == id);
  CHECK_FALSE(crew.loads().is_overloaded(id));
}

TEST_CASE_METHOD(Fixture, "a server whose address is the director's own is the director, as long as it is") {
  const auto with_address = [](std::uint64_t generation, const char* own) {
    auto snapshot = std::make_shared<route::Snapshot>();
    snapshot->wanted_generation = generation;
    snapshot->ports = {{"outside", {}, {address(own)}}};
    return snapshot;
  };
  const auto has_local_server = [&] { return (table.specials() & service::Table::local_server) != 0; };
  servers.routes_changed(with_address(1, "192.0.2.1"));
  const auto id = add("192.0.2.1"), other = add("192.0.2.2"), loopback = add("127.0.0.1", Forwarding::dr);
  CHECK(status(id).next_hop == route::this_host.value);
  CHECK(status(loopback).next_hop == route::this_host.value);
  CHECK(status(other).next_hop == 0);
  CHECK(has_local_server());
  servers.routes_changed(with_address(2, "192.0.2.3"));
  CHECK(has_local_server());  // by DR
  servers.remove(loopback);
  CHECK_FALSE(has_local_server());

  servers.routes_changed(with_address(3, "192.0.2.2"));
  CHECK(status(id).next_hop == 0);
  CHECK(status(other).next_hop == route::this_host.value);
  CHECK(has_local_server());
  servers.routes_changed(with_address(4, "192.0.2.3"));
  CHECK_FALSE(has_local_server());

  // Its connections outlive it.
  servers.routes_changed(with_address(5, "192.0.2.2"));
  line(other).active.set(1);
  servers.remove(other);
  sweep_after(60s);
  CHECK(has_local_server());
  line(other).active.set(0);
  sweep_after(60s);
  CHECK_FALSE(has_local_server());
}

TEST_CASE_METHOD(Fixture, "a NAT server of a service that gets FTP's data is one by every port") {
  const ServerName ftp{key(1, 21), address("192.0.2.1"), port(2121)};
  const auto at_port = [](unsigned number) {
    return service::endpoint_of(net::Protocol::tcp, address("192.0.2.1"), port(number));
  };
  const auto id = servers.add(ftp, spec(Forwarding::nat)).value();
  CHECK(table.is_nat_server(at_port(2121)));
  CHECK(table.is_nat_server(at_port(30000)));
  servers.remove(id);
  sweep_after(60s);
  CHECK_FALSE(table.is_nat_server(at_port(30000)));
}

TEST_CASE_METHOD(Fixture, "an id does not come to mean another server while a template refers to it") {
  const auto id = add("192.0.2.1");
  line(id, 0).persistent.add(2);
  line(id, 1).persistent.subtract(1);  // another worker ended one of them
  servers.remove(id);
  for (int minute = 0; minute < 10; ++minute) sweep_after(60s);
  CHECK(servers.count_in_trash() == 1);
  line(id, 1).persistent.subtract(1);
  for (int minute = 0; minute < 3; ++minute) sweep_after(60s);
  CHECK(servers.count_in_trash() == 0);
  CHECK(line(id, 0).persistent.get() == 0);
}
