// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/control.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::address;
using fairway::test::port;
using nlohmann::json;
using service::Forwarding;

namespace {

service::ServiceKey key() {
  return {.protocol = net::Protocol::udp, .address = address("192.168.4.15"), .port = port(53)};
}

service::SchedulerFlags flags(const char* list) { return service::parse_scheduler_flags(list).value(); }

service::MarkRule whole_rule() {
  return {.mark = 4294967295u,
          .protocol = net::Protocol::udp,
          .source = net::parse_prefix("10.0.0.0/8"),
          .destination = net::parse_prefix("192.168.4.15/32"),
          .source_ports = {1024, 65535},
          .destination_ports = {53, 53}};
}

std::string error_of(const std::string& text) {
  const auto result = command_from_json(json::parse(text));
  return result ? "" : result.error().message;
}

}  // namespace

TEST_CASE("every command comes back from JSON as it was") {
  const std::vector<Command> commands{
      AddService{{.name = "dns",
                  .key = key(),
                  .scheduler = "rr",
                  .forwarding = Forwarding::dr,
                  .persistence = 300,
                  .servers = {{address("192.0.2.1"), port(53), 0, Forwarding::dr},
                              {address("192.0.2.2"), port(5353), 65535, Forwarding::nat}}}},
      AddService{{.name = "", .key = key(), .servers = {}}},
      AddService{{.name = "", .key = key(), .scheduler = "sh", .scheduler_flags = flags("sh-port"), .servers = {}}},
      EditService{.key = key(), .name = "x", .scheduler = "wlc", .forwarding = Forwarding::tun, .persistence = 0},
      EditService{.key = key(), .name = {}, .scheduler = {}, .forwarding = {}, .persistence = {}},
      EditService{.key = key(),
                  .name = {},
                  .scheduler = "mh",
                  .scheduler_flags = flags("mh-fallback,mh-port"),
                  .forwarding = {},
                  .persistence = {}},
      EditService{
          .key = key(), .name = {}, .scheduler = {}, .scheduler_flags = flags(""), .forwarding = {}, .persistence = {}},
      DeleteService{key()},
      AddServer{key(), address("192.0.2.1"), port(53), 7, Forwarding::tun},
      AddServer{key(), address("2001:db8::1"), port(53), 1, std::nullopt},
      EditServer{key(), address("192.0.2.1"), port(53), 0, std::nullopt},
      EditServer{key(), address("192.0.2.1"), port(53), std::nullopt, Forwarding::nat},
      DeleteServer{key(), address("192.0.2.1"), port(53)},
      AddService{
          {.name = "",
           .key = service::mark_key(7),
           .persistence = 300,
           .persistence_prefix = 24,
           .one_packet = true,
           .servers =
               {{.address = address("192.0.2.1"), .port = port(0), .upper_threshold = 100, .lower_threshold = 80}}}},
      EditService{.key = service::mark_key(7, net::Family::ipv6),
                  .name = {},
                  .scheduler = {},
                  .forwarding = {},
                  .persistence = {},
                  .persistence_prefix = 64,
                  .one_packet = false},
      AddServer{.service = service::mark_key(7),
                .address = address("192.0.2.1"),
                .port = port(0),
                .forwarding = {},
                .upper_threshold = 5,
                .lower_threshold = 4},
      AddService{
          {.name = "",
           .key = key(),
           .servers = {{.address = address("192.0.2.1"), .port = port(53), .weight = 0, .last_weight = 2147483647}}}},
      AddServer{.service = key(),
                .address = address("192.0.2.1"),
                .port = port(53),
                .weight = 0,
                .forwarding = {},
                .last_weight = 5},
      EditServer{.service = key(),
                 .address = address("192.0.2.1"),
                 .port = port(53),
                 .weight = {},
                 .forwarding = {},
                 .last_weight = 0},
      EditServer{.service = service::mark_key(7),
                 .address = address("192.0.2.1"),
                 .port = port(0),
                 .weight = {},
                 .forwarding = {},
                 .upper_threshold = 0,
                 .lower_threshold = 0},
      AddMark{.rule = whole_rule(), .position = 2},
      AddMark{.rule = {.mark = 7}, .position = {}},
      DeleteMark{whole_rule()},
      DeleteMark{.like = {.mark = 7}, .exact = true},
      StartSyncDaemon{{.role = SyncRole::backup,
                       .interface = "eth0",
                       .sync_id = 255,
                       .longest_message = 1472,
                       .group = address("ff02::81"),
                       .port = 8848,
                       .ttl = 1}},
      StopSyncDaemon{SyncRole::master},
      EditSettings{{{service::find_setting("udp_timeout"), 60}, {service::find_setting("sloppy_tcp"), 1}}},
      EditSettings{},
      ZeroStatistics{key()},
      ZeroStatistics{},
  };
  for (const Command& command : commands) {
    const json written = to_json(command);
    INFO(written);
    const auto read = command_from_json(json::parse(written.dump()));
    REQUIRE(read);
    CHECK(read->index() == command.index());
    CHECK(to_json(*read) == written);
  }
}

TEST_CASE("a last weight is named only where there is one") {
  const std::string server = R"("address":"192.0.2.1","port":53)",
                    service = R"("service":{"address":"192.168.4.15","port":53,"protocol":"udp"})";
  AddServer drained{key(), address("192.0.2.1"), port(53), 0, std::nullopt};
  CHECK(to_json(drained).dump() == R"({"add_server":{)" + server + "," + service + R"(,"weight":0}})");
  drained.last_weight = 5;
  CHECK(to_json(drained) ==
        json::parse(R"({"add_server":{)" + server + "," + service + R"(,"weight":0,"last_weight":5}})"));
  const auto read = command_from_json(to_json(drained));
  REQUIRE(read);
  CHECK(std::get<AddServer>(*read).last_weight == 5);
}

TEST_CASE("a service from JSON has the defaults of one from YAML, and its servers its forwarding method") {
  const auto read = command_from_json(json::parse(R"({"add_service": {"protocol": "tcp", "address": "192.168.4.15",
      "port": 80, "forwarding": "dr", "servers": [{"address": "192.0.2.1", "port": 80}]}})"));
  REQUIRE(read);
  const auto& spec = std::get<AddService>(*read).spec;
  CHECK(spec.key.protocol == net::Protocol::tcp);
  CHECK(spec.key.port.host() == 80);
  CHECK(spec.name.empty());
  CHECK(spec.scheduler == "wlc");
  CHECK(spec.persistence == 0);
  REQUIRE(spec.servers.size() == 1);
  CHECK(spec.servers[0] == service::ServerSpec{address("192.0.2.1"), port(80), 1, Forwarding::dr});
}

TEST_CASE("flags that are taken away are not flags that are not named") {
  const std::string start = R"({"edit_service": {"protocol": "tcp", "address": "192.168.4.15", "port": 80)";
  const auto taken_away = command_from_json(json::parse(start + R"(, "scheduler_flags": []}})"));
  const auto not_named = command_from_json(json::parse(start + "}}"));
  REQUIRE((taken_away && not_named));
  CHECK(std::get<EditService>(*taken_away).scheduler_flags == service::SchedulerFlags());
  CHECK(std::get<EditService>(*not_named).scheduler_flags == std::nullopt);
}

TEST_CASE("a server that names no port has its service's") {
  for (const auto& [service, expected] :
       {std::pair(R"({"protocol": "tcp", "address": "10.0.0.1", "port": 80})", 80), {R"({"mark": 7})", 0}}) {
    const std::string body = R"({"service": )" + std::string(service) + R"(, "address": "192.0.2.1"})";
    const auto added = command_from_json(json::parse(R"({"add_server": )" + body + "}"));
    const auto edited = command_from_json(json::parse(R"({"edit_server": )" + body + "}"));
    const auto deleted = command_from_json(json::parse(R"({"delete_server": )" + body + "}"));
    REQUIRE((added && edited && deleted));
    CHECK(std::get<AddServer>(*added).port.host() == expected);
    CHECK(std::get<EditServer>(*edited).port.host() == expected);
    CHECK(std::get<DeleteServer>(*deleted).port.host() == expected);
  }
}

TEST_CASE("a rule for marks is written as people write it, ports as numbers too") {
  const auto read = command_from_json(json::parse(
      R"({"add_mark": {"mark": 7, "destination": "192.168.4.15", "destination_ports": 80, "source_ports": "1-2"}})"));
  REQUIRE(read);
  const service::MarkRule& rule = std::get<AddMark>(*read).rule;
  CHECK(rule == service::MarkRule{.mark = 7,
                                  .destination = net::parse_prefix("192.168.4.15/32"),
                                  .source_ports = {1, 2},
                                  .destination_ports = {80, 80}});
  CHECK(to_json(*read) == json::parse(R"({"add_mark": {"mark": 7, "destination": "192.168.4.15/32",
      "destination_ports": "80", "source_ports": "1-2"}})"));
}

TEST_CASE("a netmask is read in every form") {
  for (const char* mask : {"24", R"("24")", R"("/24")", R"("255.255.255.0")"}) {
    const auto read = command_from_json(
        json::parse(R"({"edit_service": {"mark": 7, "persistence_netmask": )" + std::string(mask) + "}}"));
    REQUIRE(read);
    CHECK(std::get<EditService>(*read).persistence_prefix == std::uint8_t{24});
  }
}

TEST_CASE("what an edit does not name it leaves as it is") {
  const auto read = command_from_json(json::parse(R"({"edit_server": {"service": {"protocol": "tcp",
      "address": "192.168.4.15", "port": 80}, "address": "192.0.2.1", "port": 80, "weight": 0}})"));
  REQUIRE(read);
  const auto& edit = std::get<EditServer>(*read);
  CHECK(edit.weight == 0u);
  CHECK_FALSE(edit.forwarding);
}

TEST_CASE("what is not a command is refused by name") {
  const std::string service = R"("protocol": "tcp", "address": "192.168.4.15", "port": 80)";
  const std::string server = R"("service": {)" + service + R"(}, "address": "192.0.2.1", "port": 80)";
  const std::vector<std::pair<std::string, std::string>> refused{
      {"[]", "a command is an object with one member, the command's name"},
      {"{}", "a command is an object with one member, the command's name"},
      {R"({"add_server": {}, "add_service": {}})", "a command is an object with one member, the command's name"},
      {R"({"add_sever": {}})", "there is no command 'add_sever'"},
      {R"({"delete_service": 1})", "delete_service: must be an object"},
      {R"({"delete_service": {"address": "192.168.4.15", "port": 80}})", "delete_service.protocol: is missing"},
      {R"({"delete_service": {)" + service + R"(, "prot": 1}})", "delete_service.prot: is unknown"},
      {R"({"delete_service": {"protocol": 6, "address": "1.2.3.4", "port": 80}})",
       "delete_service.protocol: must be a string"},
      {R"({"delete_service": {"protocol": "gre", "address": "1.2.3.4", "port": 80}})",
       "delete_service.protocol: 'gre' is not tcp or udp"},
      {R"({"delete_service": {"protocol": "tcp", "address": "1.2.3", "port": 80}})",
       "delete_service.address: '1.2.3' is not an IP address"},
      {R"({"delete_service": {"protocol": "tcp", "address": "1.2.3.4", "port": 65536}})",
       "delete_service.port: 65536 is out of range 0..65535"},
      {R"({"delete_service": {"protocol": "tcp", "address": "1.2.3.4"}})", "delete_service.port: is missing"},
      {R"({"delete_service": {"mark": 0}})", "delete_service.mark: 0 is out of range 1..4294967295"},
      {R"({"delete_service": {"mark": 7, "family": "ipv5"}})", "delete_service.family: 'ipv5' is not ipv4 or ipv6"},
      {R"({"delete_service": {"mark": 7, "port": 80}})", "delete_service.port: is unknown"},
      {R"({"stop_sync_daemon": {"role": "slave"}})", "stop_sync_daemon.role: 'slave' is not master or backup"},
      {R"({"start_sync_daemon": {"role": "master"}})", "start_sync_daemon.interface: is missing"},
      {R"({"delete_mark": {"mark": 7, "exact": 1}})", "delete_mark.exact: must be true or false"},
      {R"({"edit_service": {"mark": 7, "one_packet": 1}})", "edit_service.one_packet: must be true or false"},
      {R"({"edit_service": {"mark": 7, "persistence_netmask": 129}})",
       "edit_service.persistence_netmask: '129' is not a netmask such as 24 or 255.255.255.0"},
      {R"({"edit_service": {"mark": 7, "persistence_netmask": 24.5}})",
       "edit_service.persistence_netmask: must be a string"},
      {R"({"delete_service": {"protocol": "tcp", "address": "1.2.3.4", "port": -1}})",
       "delete_service.port: -1 is out of range 0..65535"},
      {R"({"delete_service": {"protocol": "tcp", "address": "1.2.3.4", "port": 18446744073709551615}})",
       "delete_service.port: 18446744073709551615 is out of range 0..65535"},
      {R"({"delete_service": {"protocol": "tcp", "address": "1.2.3.4", "port": 80.0}})",
       "delete_service.port: must be a whole number"},
      {R"({"delete_service": {"protocol": "tcp", "address": "1.2.3.4", "port": "80"}})",
       "delete_service.port: must be a whole number"},
      {R"({"edit_service": {)" + service + R"(, "persistence": -5}})",
       "edit_service.persistence: -5 is out of range 0..4294967295"},
      {R"({"edit_service": {)" + service + R"(, "name": null}})", "edit_service.name: must be a string"},
      {R"({"edit_service": {)" + service + R"(, "scheduler_flags": "sh-port"}})",
       "edit_service.scheduler_flags: must be an array"},
      {R"({"add_service": {)" + service + R"(, "scheduler_flags": ["sh-port", 5]}})",
       "add_service.scheduler_flags: 5 is no flag of a scheduler"},
      {R"({"add_service": {)" + service + R"(, "scheduler_flags": ["sh-prot"]}})",
       "add_service.scheduler_flags: \"sh-prot\" is no flag of a scheduler"},
      {R"({"add_service": {)" + service + R"(, "forwarding": "fullnat"}})",
       "add_service.forwarding: 'fullnat' is not nat, dr or tun"},
      {R"({"add_service": {)" + service + R"(, "servers": {}}})", "add_service.servers: must be an array"},
      {R"({"add_service": {)" + service + R"(, "servers": [{"address": "192.0.2.1", "port": 1}, 7]}})",
       "add_service.servers[1]: must be an object"},
      {R"({"add_service": {)" + service + R"(, "servers": [{"address": "192.0.2.1", "port": 1, "wieght": 3}]}})",
       "add_service.servers[0].wieght: is unknown"},
      {R"({"add_server": {"address": "192.0.2.1", "port": 80}})", "add_server.service: is missing"},
      {R"({"add_server": {"service": "web", "address": "192.0.2.1", "port": 80}})",
       "add_server.service: must be an object"},
      {R"({"add_server": {"service": {)" + service + R"(, "name": "web"}, "address": "192.0.2.1", "port": 80}})",
       "add_server.service.name: is unknown"},
      {R"({"add_server": {)" + server + R"(, "weight": 2147483648}})",
       "add_server.weight: 2147483648 is out of range 0..2147483647"},
      {R"({"add_server": {)" + server + R"(, "upper_threshold": -1}})",
       "add_server.upper_threshold: -1 is out of range 0..4294967295"},
      {R"({"edit_server": {)" + server + R"(, "last_weight": 2147483648}})",
       "edit_server.last_weight: 2147483648 is out of range 0..2147483647"},
      {R"({"delete_server": {)" + server + R"(, "weight": 1}})", "delete_server.weight: is unknown"},
      {R"({"add_mark": {"protocol": "tcp"}})", "add_mark.mark: is missing"},
      {R"({"add_mark": {"mark": 7, "source": "10.0.0.0/33"}})",
       "add_mark.source: '10.0.0.0/33' is not a network such as 192.168.4.0/24"},
      {R"({"add_mark": {"mark": 7, "source_ports": "http"}})",
       "add_mark.source_ports: 'http' is not a port or ports such as 8000-8010"},
      {R"({"add_mark": {"mark": 7, "destination_ports": 65536}})",
       "add_mark.destination_ports: '65536' is not a port or ports such as 8000-8010"},
      {R"({"add_mark": {"mark": 7, "position": 0}})", "add_mark.position: 0 is out of range 1..4294967295"},
      {R"({"delete_mark": {"mark": 7, "position": 1}})", "delete_mark.position: is unknown"},
      {R"({"edit_settings": {"conn_reuse_mode": 4}})", "edit_settings.conn_reuse_mode: 4 is out of range 0..3"},
      {R"({"edit_settings": {"conn_reuse": 0}})", "edit_settings.conn_reuse: is unknown"},
  };
  for (const auto& [text, message] : refused) {
    INFO(text);
    CHECK(error_of(text) == message);
  }
}
