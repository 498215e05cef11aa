// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/director.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <iostream>
#include <map>

#include "sched/registry.hpp"
#include "support/control.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::address;
using fairway::test::ControlFixture;
using fairway::test::key;
using fairway::test::port;
using service::Forwarding;

namespace {

std::vector<std::string> addresses(const service::Service& service) {
  std::vector<std::string> all;
  for (const auto& server : service.servers) all.push_back(net::to_string(server.address));
  return all;
}

service::ServerSpec spec(const std::string& text, std::uint32_t weight = 1, Forwarding forwarding = Forwarding::nat) {
  return {.address = address(text), .port = port(80), .weight = weight, .forwarding = forwarding};
}

AddServer add(const std::string& text, std::uint32_t weight = 1) {
  return {.service = key(), .address = address(text), .port = port(80), .weight = weight, .forwarding = {}};
}

EditServer edit(const std::string& text, std::optional<std::uint32_t> weight,
                std::optional<Forwarding> forwarding = std::nullopt) {
  return {.service = key(), .address = address(text), .port = port(80), .weight = weight, .forwarding = forwarding};
}

DeleteServer remove(const std::string& text) { return {.service = key(), .address = address(text), .port = port(80)}; }

EditService edit_service() { return {.key = key(), .name = {}, .scheduler = {}, .forwarding = {}, .persistence = {}}; }

service::Endpoint endpoint(const std::string& text) {
  return service::endpoint_of(net::Protocol::tcp, address(text), port(80));
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(ControlFixture, "a service of a file has its servers as if they had been added one by one") {
  REQUIRE(add_service(key(), {spec("192.0.2.1"), spec("192.0.2.2", 3)}) == "");
  const auto service = director.find(key());
  CHECK(addresses(*service) == Names{"192.0.2.2", "192.0.2.1"});
  CHECK(director.table().find(service::endpoint_of(key())) == service.get());
  CHECK(director.table().is_nat_server(endpoint("192.0.2.1")));
  CHECK(server(key(), "192.0.2.2").weight == 3);
  for (const auto& server : service->servers) CHECK(status(server.id).available);
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].before == nullptr);
  CHECK(heard[0].after == service.get());
  CHECK(service->life->states.size() == workers);

  REQUIRE(apply(add("192.0.2.3")) == "");
  CHECK(addresses(*director.find(key())) == Names{"192.0.2.3", "192.0.2.2", "192.0.2.1"});
}

TEST_CASE_METHOD(ControlFixture, "a server's last weight is the latest that was not 0, and the first one in any case") {
  REQUIRE(add_service(key(), {spec("192.0.2.1", 5), spec("192.0.2.2", 0)}) == "");
  const auto last_weight = [&](const std::string& text) { return server(key(), text).last_weight; };
  CHECK(last_weight("192.0.2.1") == 5);
  CHECK(last_weight("192.0.2.2") == 0);
  REQUIRE(apply(edit("192.0.2.1", 0)) == "");
  REQUIRE(apply(edit("192.0.2.2", 7)) == "");
  REQUIRE(apply(edit("192.0.2.2", std::nullopt, Forwarding::dr)) == "");
  CHECK(last_weight("192.0.2.1") == 5);
  CHECK(last_weight("192.0.2.2") == 7);
  REQUIRE(apply(remove("192.0.2.1")) == "");
  REQUIRE(apply(add("192.0.2.1", 0)) == "");
  CHECK(last_weight("192.0.2.1") == 0);  // as in the kernel, which remembers the server but not its weight
}

TEST_CASE_METHOD(ControlFixture, "a server of weight 0 has the last weight that it is given") {
  service::ServerSpec drained = spec("192.0.2.1", 0);
  drained.last_weight = 5;
  REQUIRE(add_service(key(), {drained}) == "");
  AddServer other = add("192.0.2.2", 0);
  other.last_weight = 6;
  REQUIRE(apply(other) == "");
  CHECK(server(key(), "192.0.2.1").last_weight == 5);
  CHECK(server(key(), "192.0.2.2").last_weight == 6);
  EditServer change = edit("192.0.2.2", std::nullopt);
  change.last_weight = 7;
  REQUIRE(apply(change) == "");
  CHECK(server(key(), "192.0.2.2").last_weight == 7);
  CHECK(director.inventory().services.at(0).servers.at(1).last_weight == 7);
  change.weight = 3;
  CHECK(apply(change) == "last weight 7 is for servers of weight 0, not 3");
  CHECK(server(key(), "192.0.2.2").weight == 0);
  REQUIRE(apply(edit("192.0.2.2", 3)) == "");
  CHECK(server(key(), "192.0.2.2").last_weight == 3);
  CHECK(director.inventory().services.at(0).servers.at(1).last_weight == 0);
}

TEST_CASE_METHOD(ControlFixture, "editing does not move a server; deleting and adding it again moves it to the head") {
  REQUIRE(add_service(key(), {spec("192.0.2.1"), spec("192.0.2.2"), spec("192.0.2.3")}) == "");
  const auto id = server(key(), "192.0.2.1").id;
  REQUIRE(apply(edit("192.0.2.1", 0)) == "");
  CHECK(addresses(*director.find(key())) == Names{"192.0.2.3", "192.0.2.2", "192.0.2.1"});
  CHECK(server(key(), "192.0.2.1").weight == 0);
  CHECK(server(key(), "192.0.2.1").forwarding == Forwarding::nat);

  REQUIRE(apply(remove("192.0.2.1")) == "");
  CHECK(addresses(*director.find(key())) == Names{"192.0.2.3", "192.0.2.2"});
  REQUIRE(apply(add("192.0.2.1", 5)) == "");
  CHECK(addresses(*director.find(key())) == Names{"192.0.2.1", "192.0.2.3", "192.0.2.2"});
  CHECK(server(key(), "192.0.2.1").id == id);
  CHECK(server(key(), "192.0.2.1").weight == 5);
}

TEST_CASE_METHOD(ControlFixture, "workers hear of every version in turn") {
  add_service(key());
  apply(add("192.0.2.1"));
  apply(edit("192.0.2.1", 2));
  apply(remove("192.0.2.1"));
  apply(DeleteService{key()});
  REQUIRE(heard.size() == 5);
  CHECK(heard.front().before == nullptr);
  for (std::size_t i = 1; i < heard.size(); ++i) CHECK(heard[i].before == heard[i - 1].after);
  CHECK(heard.back().after == nullptr);
}

TEST_CASE_METHOD(ControlFixture, "workers hear whether a change takes servers away") {
  const auto takes_away = [&](const Command& command) {
    heard.clear();
    REQUIRE(apply(command) == "");
    return !heard.empty() && heard.back().takes_servers_away;
  };
  EditService reschedule = edit_service();
  reschedule.scheduler = "wlc";
  CHECK_FALSE(takes_away(AddService{{.name = "", .key = key(), .servers = {spec("192.0.2.1")}}}));
  CHECK_FALSE(takes_away(add("192.0.2.2")));
  CHECK_FALSE(takes_away(edit("192.0.2.2", 0)));
  CHECK_FALSE(takes_away(reschedule));
  CHECK(takes_away(remove("192.0.2.1")));
  CHECK(takes_away(DeleteService{key()}));
  CHECK_FALSE(takes_away(AddService{{.name = "", .key = key(), .servers = {}}}));
  CHECK_FALSE(takes_away(DeleteService{key()}));
}

TEST_CASE_METHOD(ControlFixture, "a version finds its servers by id, however many they are") {
  const auto address_of = [](unsigned number) { return "192.0.2." + std::to_string(number); };
  add_service(key());
  std::vector<service::ServerId> ids;
  for (unsigned number = 1; number <= 40; ++number) {
    REQUIRE(apply(add(address_of(number))) == "");
    ids.push_back(server(key(), address_of(number)).id);
    CHECK((director.find(key())->index != nullptr) == (number > service::most_walked));
  }
  const auto all = director.find(key());
  for (const service::ServerId id : ids) REQUIRE(all->find(id) != nullptr);
  for (const service::ServerId id : ids) CHECK(all->find(id)->id == id);
  REQUIRE(apply(remove(address_of(20))) == "");
  CHECK(director.find(key())->find(ids[19]) == nullptr);
  CHECK(director.find(key())->find(ids[18])->id == ids[18]);
  CHECK(all->find(ids[19])->id == ids[19]);
  while (ids.size() > 10) {
    apply(remove(address_of(static_cast<unsigned>(ids.size()))));
    ids.pop_back();
  }
  CHECK(director.find(key())->find(ids[9])->id == ids[9]);
  CHECK(director.find(key())->find({12345}) == nullptr);
}

TEST_CASE_METHOD(ControlFixture, "a removed server is unavailable before its removal is acknowledged") {
  add_service(key(), {spec("192.0.2.1"), spec("192.0.2.2")});
  const auto first = server(key(), "192.0.2.1").id, second = server(key(), "192.0.2.2").id;
  REQUIRE(director.apply(remove("192.0.2.1")));
  CHECK_FALSE(status(first).available);
  CHECK(status(second).available);
  REQUIRE(director.apply(DeleteService{key()}));
  CHECK_FALSE(status(second).available);
  CHECK(director.table().find(service::endpoint_of(key())) == nullptr);
  CHECK(director.find(key()) == nullptr);
}

TEST_CASE_METHOD(ControlFixture, "what is wrong with a command is said, and nothing changes") {
  add_service(key(), {spec("192.0.2.1")});
  const auto before = director.find(key());
  const auto heard_before = heard.size();
  AddServer other_port = add("192.0.2.2");
  other_port.forwarding = Forwarding::dr;
  other_port.port = port(8080);
  EditService unknown_scheduler = edit_service();
  unknown_scheduler.scheduler = "fastest";
  const std::vector<std::pair<Command, std::string>> refused{
      {AddService{{.name = "", .key = key(), .servers = {}}}, "service tcp 10.0.0.1:80 already exists"},
      {AddService{{.name = "", .key = key(2), .scheduler = "fastest", .servers = {}}},
       "there is no scheduler named 'fastest'"},
      {AddService{{.name = "", .key = key(2), .servers = {spec("192.0.2.1"), spec("192.0.2.1")}}},
       "server 192.0.2.1:80 stands twice in this service"},
      {DeleteService{key(2)}, "there is no service tcp 10.0.0.2:80"},
      {EditService{key(2), {}, {}, {}, {}, {}}, "there is no service tcp 10.0.0.2:80"},
      {unknown_scheduler, "there is no scheduler named 'fastest'"},
      {AddServer{key(2), address("192.0.2.1"), port(80), 1, {}}, "there is no service tcp 10.0.0.2:80"},
      {add("192.0.2.1"), "server 192.0.2.1:80 already exists in service tcp 10.0.0.1:80"},
      {add("192.0.2.2", 2147483648), "weight 2147483648 is out of range 0..2147483647"},
      {add("2001:db8::1"), "server 2001:db8::1 and service 10.0.0.1 are of different address families"},
      {other_port, "a dr server has its service's port 80, not 8080"},
      {edit("192.0.2.2", 1), "there is no server 192.0.2.2:80 in service tcp 10.0.0.1:80"},
      {edit("192.0.2.1", 2147483648), "weight 2147483648 is out of range 0..2147483647"},
      {remove("192.0.2.2"), "there is no server 192.0.2.2:80 in service tcp 10.0.0.1:80"},
  };
  for (const auto& [command, message] : refused) CHECK(apply(command) == message);
  CHECK(director.find(key()) == before);
  CHECK(director.services().size() == 1);
  CHECK(heard.size() == heard_before);
  CHECK(director.servers().count() == 1);
}

TEST_CASE_METHOD(ControlFixture, "another scheduler begins afresh, another name does not disturb it") {
  add_service(key(), {spec("192.0.2.1")});
  const auto first = director.find(key());
  EditService rename = edit_service();
  rename.name = "shop";
  rename.persistence = 300;
  REQUIRE(apply(rename) == "");
  const auto second = director.find(key());
  CHECK(second->name == "shop");
  CHECK(second->persistence == 300);
  CHECK(second->scheduler->name() == "rr");
  CHECK(second->id == first->id);
  CHECK(second->life == first->life);
  CHECK(heard.size() == 1);

  EditService reschedule = edit_service();
  reschedule.scheduler = "wlc";
  REQUIRE(apply(reschedule) == "");
  const auto third = director.find(key());
  CHECK(third->life != first->life);
  CHECK(third->name == "shop");
  REQUIRE(heard.size() == 2);
  CHECK(heard[1].before == second.get());
  CHECK(heard[1].after == third.get());
}

TEST_CASE_METHOD(ControlFixture, "flags stay with their scheduler") {
  const auto flags = [](const char* list) { return service::parse_scheduler_flags(list).value(); };
  const auto flags_now = [&] { return to_string(director.find(key())->scheduler_flags); };
  REQUIRE(apply(AddService{
              {.name = "", .key = key(), .scheduler = "sh", .scheduler_flags = flags("sh-port"), .servers = {}}}) ==
          "");
  const auto first = director.find(key());
  CHECK(flags_now() == "sh-port");
  EditService edit = edit_service();
  edit.scheduler_flags = flags("sh-fallback");
  REQUIRE(apply(edit) == "");
  CHECK(flags_now() == "sh-fallback");
  CHECK(director.find(key())->life == first->life);

  edit.scheduler = "mh";
  CHECK(apply(edit) == "scheduler mh has no flag sh-fallback, it is sh's");
  CHECK(flags_now() == "sh-fallback");
  edit.scheduler_flags = {};
  edit.scheduler = "sh";
  REQUIRE(apply(edit) == "");
  CHECK(flags_now() == "sh-fallback");
  edit.scheduler = "mh";
  REQUIRE(apply(edit) == "");
  CHECK(flags_now().empty());
}

TEST_CASE_METHOD(ControlFixture, "a service's forwarding method is that of servers added later") {
  add_service(key(), {spec("192.0.2.1")});
  EditService to_dr = edit_service();
  to_dr.forwarding = Forwarding::dr;
  REQUIRE(apply(to_dr) == "");
  REQUIRE(apply(add("192.0.2.2")) == "");
  CHECK(server(key(), "192.0.2.1").forwarding == Forwarding::nat);
  CHECK(server(key(), "192.0.2.2").forwarding == Forwarding::dr);
  CHECK_FALSE(director.table().is_nat_server(endpoint("192.0.2.2")));
  REQUIRE(apply(edit("192.0.2.2", std::nullopt, Forwarding::nat)) == "");
  CHECK(director.table().is_nat_server(endpoint("192.0.2.2")));
}

TEST_CASE_METHOD(ControlFixture, "a version lives until every worker has come by, then it is freed") {
  add_service(key());
  const std::weak_ptr<const service::Service> old = director.find(key());
  for (unsigned worker = 0; worker < workers; ++worker) crew.channel(worker).set_asleep(true);
  REQUIRE(director.apply(add("192.0.2.1")));
  director.settle();  // sleepers need not be waited for, but may still hold what was before
  CHECK_FALSE(old.expired());
  crew.channel(0).drain([](const auto&) {});
  director.settle();
  CHECK_FALSE(old.expired());
  finish();
  CHECK(old.expired());
}

TEST_CASE_METHOD(ControlFixture, "a service's statistics are those that its servers counted while they were in it") {
  add_service(key(), {spec("192.0.2.1"), spec("192.0.2.2")});
  const auto first = server(key(), "192.0.2.1").id, second = server(key(), "192.0.2.2").id;
  const auto count = [&](service::ServerId id, std::uint64_t packets) {
    for (unsigned worker = 0; worker < workers; ++worker) crew.lines(worker)[id.value].in_packets.add(packets);
  };
  count(first, 10);
  count(second, 1);
  CHECK(director.statistics(key()).in_packets == 22);
  apply(remove("192.0.2.1"));
  CHECK(director.statistics(key()).in_packets == 22);
  apply(add("192.0.2.1"));
  CHECK(director.servers().statistics(first).in_packets == 20);
  count(first, 5);
  CHECK(director.statistics(key()).in_packets == 32);

  // A service that is made anew begins at zero; the servers that come back to it do not.
  apply(DeleteService{key()});
  add_service(key(), {spec("192.0.2.1")});
  CHECK(server(key(), "192.0.2.1").id == first);
  CHECK(director.statistics(key()) == Statistics{});
  CHECK(director.servers().statistics(first) == Statistics{});  // since it was another service's
  CHECK(director.servers().total().in_packets == 32);
}

TEST_CASE_METHOD(ControlFixture, "what is shown begins at the zero point of a service, or of all") {
  add_service(key(1), {spec("192.0.2.1")});
  add_service(key(2), {spec("192.0.2.2")});
  const auto first = server(key(1), "192.0.2.1").id, second = server(key(2), "192.0.2.2").id;
  const auto count = [&](std::uint64_t packets) {
    for (const auto id : {first, second}) crew.lines(0)[id.value].in_packets.add(packets);
    director.tick_rates();
  };
  count(80);
  CHECK(director.rates(key(1)).in_packets == 10);
  CHECK(director.servers().rates(first).in_packets == 10);
  CHECK(director.total_rates().in_packets == 20);

  apply(ZeroStatistics{key(1)});
  CHECK(director.statistics(key(1)) == Statistics{});
  CHECK(director.rates(key(1)) == Rates{});
  CHECK(director.servers().statistics(first) == Statistics{});
  CHECK(director.statistics(key(2)).in_packets == 80);
  CHECK(director.total().in_packets == 160);
  count(8);
  CHECK(director.statistics(key(1)).in_packets == 8);
  CHECK(director.rates(key(1)).in_packets == 1);

  apply(ZeroStatistics{});
  CHECK(director.statistics(key(2)) == Statistics{});
  CHECK(director.total() == Statistics{});
  CHECK(director.total_rates() == Rates{});
  CHECK(apply(ZeroStatistics{key(9)}) == "there is no service tcp 10.0.0.9:80");
}

TEST_CASE_METHOD(ControlFixture, "a server that comes back makes no rate of what it had counted") {
  add_service(key(), {spec("192.0.2.1")});
  const auto id = server(key(), "192.0.2.1").id;
  apply(remove("192.0.2.1"));
  crew.lines(0)[id.value].in_packets.add(1000);
  apply(add("192.0.2.1"));
  director.tick_rates();
  CHECK(director.servers().rates(id) == Rates{});
}

TEST_CASE_METHOD(ControlFixture, "services are listed in the order in which they were added") {
  for (const std::uint32_t number : {7u, 3u, 9u, 1u}) add_service(key(number));
  apply(DeleteService{key(3)});
  add_service(key(3));
  std::vector<std::string> listed;
  for (const auto& service : director.services()) listed.push_back(net::to_string(service->key.address));
  CHECK(listed == Names{"10.0.0.7", "10.0.0.9", "10.0.0.1", "10.0.0.3"});
}

TEST_CASE_METHOD(ControlFixture, "one edit among 10,000 services of 10 servers copies one service") {
  constexpr std::uint32_t count = 10'000;
  for (std::uint32_t number = 1; number <= count; ++number) {
    std::vector<service::ServerSpec> servers;
    for (std::uint32_t i = 0; i < 10; ++i)
      servers.push_back({.address = net::Ipv4Address(0xac100000u + number * 10 + i), .port = port(80)});
    REQUIRE(add_service(key(number), servers) == "");
  }
  const auto before = director.services();
  const auto uncollected = crew.uncollected();
  const EditServer command{.service = key(777),
                           .address = net::Ipv4Address(0xac100000u + 7770),
                           .port = port(80),
                           .weight = 9,
                           .forwarding = {}};
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(director.apply(command));
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  CHECK(crew.uncollected() == uncollected + 1);
  const auto after = director.services();
  REQUIRE(after.size() == count);
  std::size_t copied = 0;
  for (std::size_t i = 0; i < count; ++i) copied += before[i] != after[i] ? 1 : 0;
  CHECK(copied == 1);
  CHECK(after[776] != before[776]);
  std::cout << "one edit among 10,000 services of 10 servers: " << took.count() << " µs\n";
}

TEST_CASE_METHOD(ControlFixture, "100,000 commands") {
  add_service(key());
  const auto start = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    const net::Address server = net::Ipv4Address(0xc0000200u + i / 4 % 16);
    switch (i % 4) {
      case 0: REQUIRE(director.apply(AddServer{key(), server, port(80), 1, {}})); break;
      case 1: REQUIRE(director.apply(EditServer{key(), server, port(80), i % 7, {}})); break;
      case 2: REQUIRE(director.apply(edit_service())); break;
      default: REQUIRE(director.apply(DeleteServer{key(), server, port(80)}));
    }
    if (i % 256 == 255) finish();
  }
  finish();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  CHECK(director.find(key())->servers.empty());
  CHECK(crew.uncollected() <= 1);
  CHECK(director.servers().count() == 16);
  std::cout << "100,000 commands: " << took.count() << " ms\n";
}

TEST_CASE_METHOD(ControlFixture, "a service takes its netmask and its packets one by one, and gives them up") {
  const auto with = [](std::optional<std::uint32_t> persistence, std::optional<std::uint8_t> prefix) {
    return EditService{.key = key(),
                       .name = {},
                       .scheduler = {},
                       .forwarding = {},
                       .persistence = persistence,
                       .persistence_prefix = prefix};
  };
  add_service(key());
  CHECK(apply(with({}, 24)) == "persistence netmask /24 is for persistent services only");
  CHECK(apply(with(300, 24)) == "");
  CHECK(director.find(key())->persistence_prefix == 24);
  CHECK(apply(with(600, {})) == "");
  CHECK(director.find(key())->persistence_prefix == 24);
  CHECK(apply(with({}, 32)) == "");
  CHECK(director.find(key())->persistence_prefix == 0);  // as if none had been named
  CHECK(apply(with({}, 33)) == "persistence netmask /33 is out of range /1../32");
  CHECK(apply(with({}, 8)) == "");
  CHECK(apply(with(0, {})) == "");
  CHECK(director.find(key())->persistence_prefix == 0);

  EditService one_packet = with({}, {});
  one_packet.one_packet = true;
  CHECK(apply(one_packet) == "one-packet scheduling is for UDP services and services by mark, not for tcp 10.0.0.1:80");
  service::ServiceKey dns = key(2);
  dns.protocol = net::Protocol::udp;
  add_service(dns);
  one_packet.key = dns;
  CHECK(apply(one_packet) == "");
  CHECK(director.find(dns)->one_packet);
  CHECK(apply(EditService{.key = dns, .name = "dns", .scheduler = {}, .forwarding = {}, .persistence = {}}) == "");
  CHECK(director.find(dns)->one_packet);
}

TEST_CASE_METHOD(ControlFixture, "thresholds come with a server, are edited, and reach the workers") {
  service::ServerSpec first = spec("192.0.2.1");
  first.upper_threshold = 10;
  add_service(key(), {first});
  const auto limits = [&](const char* text) -> const service::ServerLimits& {
    return crew.limits()[server(key(), text).id.value];
  };
  CHECK(limits("192.0.2.1").upper() == 10);
  AddServer second = add("192.0.2.2");
  second.upper_threshold = 5;
  second.lower_threshold = 6;
  CHECK(apply(second) == "lower threshold 6 is above upper threshold 5");
  second.lower_threshold = 4;
  CHECK(apply(second) == "");
  CHECK(server(key(), "192.0.2.2").lower_threshold == 4);
  CHECK(limits("192.0.2.2").lower() == 4);
  EditServer change = edit("192.0.2.2", 7);
  CHECK(apply(change) == "");
  CHECK(limits("192.0.2.2").upper() == 5);
  change.upper_threshold = 3;
  CHECK(apply(change) == "lower threshold 4 is above upper threshold 3");
  CHECK(limits("192.0.2.2").upper() == 5);
  change.lower_threshold = 0;
  CHECK(apply(change) == "");
  CHECK(limits("192.0.2.2").upper() == 3);
  CHECK(server(key(), "192.0.2.2").upper_threshold == 3);
  CHECK(limits("192.0.2.1").upper() == 10);
}

TEST_CASE_METHOD(ControlFixture, "services by mark and of every port are found by them, with their NAT servers") {
  const service::ServiceKey mark = service::mark_key(7), all = key(1, 0);
  const auto is_nat_server = [&](net::Protocol protocol, const char* text, unsigned number) {
    return director.table().is_nat_server(service::endpoint_of(protocol, address(text), port(number)));
  };
  CHECK(add_service(mark, {{.address = address("192.0.2.1"), .port = port(8080)}}) == "");
  CHECK(director.table().find_mark(7, net::Family::ipv4) == director.find(mark).get());
  CHECK(director.table().find_mark(7, net::Family::ipv6) == nullptr);
  for (const auto protocol : {net::Protocol::tcp, net::Protocol::udp}) CHECK(is_nat_server(protocol, "192.0.2.1", 53));
  CHECK(add_service(all, {{.address = address("192.0.2.2"), .port = port(0)}}) ==
        "port 0, which is every port, is for persistent services only");
  CHECK(apply(AddService{{.name = "",
                          .key = all,
                          .persistence = 300,
                          .servers = {{.address = address("192.0.2.2"), .port = port(0)}}}}) == "");
  CHECK(is_nat_server(net::Protocol::tcp, "192.0.2.2", 53));
  CHECK_FALSE(is_nat_server(net::Protocol::udp, "192.0.2.2", 53));

  CHECK(apply(DeleteService{mark}) == "");
  CHECK(apply(DeleteService{all}) == "");
  CHECK(director.table().find_mark(7, net::Family::ipv4) == nullptr);
  director.sweep({});
  for (const auto protocol : {net::Protocol::tcp, net::Protocol::udp})
    CHECK_FALSE(is_nat_server(protocol, "192.0.2.1", 53));
  CHECK_FALSE(is_nat_server(net::Protocol::tcp, "192.0.2.2", 53));
}

TEST_CASE_METHOD(ControlFixture, "rules for marks stand in their order, and go by what they say") {
  const auto marks = [&] {
    std::vector<std::string> all;
    for (const auto& rule : director.table().mark_rules().rules()) all.push_back(service::to_string(rule));
    return all;
  };
  using Marks = std::vector<std::string>;
  const service::MarkRule web{.mark = 7, .protocol = net::Protocol::tcp, .destination_ports = {80, 80}};
  const service::MarkRule tls{.mark = 7, .protocol = net::Protocol::tcp, .destination_ports = {443, 443}};
  const service::MarkRule rest{.mark = 8};
  CHECK(apply(AddMark{.rule = rest, .position = {}}) == "");
  CHECK(apply(AddMark{.rule = web, .position = 1}) == "");
  CHECK(apply(AddMark{.rule = tls, .position = 2}) == "");
  CHECK(marks() == Marks{"mark 7 tcp port 80", "mark 7 tcp port 443", "mark 8"});
  CHECK(apply(AddMark{.rule = tls, .position = {}}) == "the rule mark 7 tcp port 443 already exists");
  CHECK(apply(AddMark{.rule = {.mark = 9}, .position = 5}) == "position 5 is out of range 1..4");
  CHECK(apply(AddMark{.rule = {.mark = 9}, .position = 0}) == "position 0 is out of range 1..4");
  CHECK(apply(AddMark{.rule = {.mark = 0}, .position = {}}) == "mark 0 is none");
  CHECK(apply(AddMark{.rule = {.mark = 9}, .position = 4}) == "");
  CHECK(marks().back() == "mark 9");

  CHECK(apply(DeleteMark{{.mark = 7, .destination_ports = {80, 443}}}) == "there is no rule mark 7 port 80-443");
  CHECK(apply(DeleteMark{{.mark = 7, .destination_ports = {443, 443}}}) == "");
  CHECK(marks() == Marks{"mark 7 tcp port 80", "mark 8", "mark 9"});
  CHECK(apply(AddMark{.rule = tls, .position = {}}) == "");
  CHECK(apply(DeleteMark{{.mark = 7}}) == "");
  CHECK(marks() == Marks{"mark 8", "mark 9"});

  for (std::uint32_t mark = 3; mark <= service::most_mark_rules; ++mark)
    if (!director.apply(AddMark{.rule = {.mark = mark + 1000}, .position = {}})) FAIL(mark);
  CHECK(apply(AddMark{.rule = web, .position = {}}) == "there are 1024 rules for marks already, and may be no more");
  CHECK(crew.uncollected() <= 1);
}

TEST_CASE_METHOD(ControlFixture, "settings change together or not at all, and the old ones last a burst") {
  const auto setting = [](const char* name) { return service::find_setting(name); };
  CHECK(director.table().settings() == service::Settings());
  const service::Settings* before = &director.table().settings();
  CHECK(director.apply(EditSettings{{{setting("tcp_timeout"), 60}, {setting("sloppy_tcp"), 1}}}));
  CHECK(director.table().settings().tcp_timeout == 60);
  CHECK(director.table().settings().sloppy_tcp == 1);
  CHECK(director.table().settings().udp_timeout == 300);
  CHECK(before->tcp_timeout == 900);  // a worker may be reading it yet
  CHECK(crew.uncollected() == 1);
  finish();
  CHECK(crew.uncollected() == 0);
  CHECK(apply(EditSettings{{{setting("tcp_timeout"), 70}, {setting("sloppy_tcp"), 2}}}) ==
        "sloppy_tcp: 2 is out of range 0..1");
  CHECK(director.table().settings().tcp_timeout == 60);
}
