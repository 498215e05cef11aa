// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/json.hpp"

#include <nlohmann/json.hpp>

#include "control/json_reader.hpp"
#include "control/json_values.hpp"

namespace fairway::control {
namespace {

using nlohmann::json;

constexpr auto any_number = std::uint32_t{0xffffffff};
constexpr auto largest_weight = static_cast<std::uint32_t>(service::ServerSpec::largest_weight);

service::ServiceKey read_key(JsonReader& reader) {
  if (reader.find("mark"))
    return service::mark_key(reader.number("mark", 1, any_number).value_or(0),
                             reader.family("family").value_or(net::Family::ipv4));
  reader.need("protocol");
  service::ServiceKey key{.protocol = reader.protocol("protocol").value_or(net::Protocol::tcp),
                          .address = reader.needed_address("address"),
                          .port = {}};
  reader.need("port");
  key.port = reader.port("port").value_or(net::ServicePort());
  return key;
}

service::ServiceKey read_service(JsonReader& reader) {
  JsonReader key_reader = reader.needed_object("service");
  const service::ServiceKey key = read_key(key_reader);
  key_reader.refuse_others();
  return key;
}

service::ServerSpec read_server(JsonReader& reader, const service::ServiceSpec& service) {
  service::ServerSpec spec{.address = reader.needed_address("address"),
                           .port = reader.port("port").value_or(service.key.port),
                           .weight = reader.number("weight", 0, largest_weight).value_or(1),
                           .forwarding = reader.forwarding("forwarding").value_or(service.forwarding),
                           .upper_threshold = reader.number("upper_threshold", 0, any_number).value_or(0),
                           .lower_threshold = reader.number("lower_threshold", 0, any_number).value_or(0),
                           .last_weight = reader.number("last_weight", 0, largest_weight).value_or(0)};
  reader.refuse_others();
  return spec;
}

Command read_add_service(JsonReader& reader) {
  service::ServiceSpec spec;
  spec.key = read_key(reader);
  spec.name = reader.text("name").value_or("");
  spec.scheduler = reader.text("scheduler").value_or(spec.scheduler);
  spec.scheduler_flags = reader.scheduler_flags("scheduler_flags").value_or(spec.scheduler_flags);
  spec.forwarding = reader.forwarding("forwarding").value_or(spec.forwarding);
  spec.persistence = reader.number("persistence", 0, any_number).value_or(0);
  spec.persistence_prefix = reader.netmask("persistence_netmask").value_or(0);
  spec.one_packet = reader.flag("one_packet").value_or(false);
  std::size_t index = 0;
  for (const json& server : reader.list("servers")) {
    JsonReader server_reader = reader.inside(server, "servers[" + std::to_string(index++) + "]");
    spec.servers.push_back(read_server(server_reader, spec));
  }
  return AddService{std::move(spec)};
}

Command read_edit_service(JsonReader& reader) {
  return EditService{.key = read_key(reader),
                     .name = reader.text("name"),
                     .scheduler = reader.text("scheduler"),
                     .scheduler_flags = reader.scheduler_flags("scheduler_flags"),
                     .forwarding = reader.forwarding("forwarding"),
                     .persistence = reader.number("persistence", 0, any_number),
                     .persistence_prefix = reader.netmask("persistence_netmask"),
                     .one_packet = reader.flag("one_packet")};
}

Command read_delete_service(JsonReader& reader) { return DeleteService{read_key(reader)}; }

Command read_add_server(JsonReader& reader) {
  const service::ServiceKey service = read_service(reader);
  return AddServer{.service = service,
                   .address = reader.needed_address("address"),
                   .port = reader.port("port").value_or(service.port),
                   .weight = reader.number("weight", 0, largest_weight).value_or(1),
                   .forwarding = reader.forwarding("forwarding"),
                   .upper_threshold = reader.number("upper_threshold", 0, any_number).value_or(0),
                   .lower_threshold = reader.number("lower_threshold", 0, any_number).value_or(0),
                   .last_weight = reader.number("last_weight", 0, largest_weight).value_or(0)};
}

Command read_edit_server(JsonReader& reader) {
  const service::ServiceKey service = read_service(reader);
  return EditServer{.service = service,
                    .address = reader.needed_address("address"),
                    .port = reader.port("port").value_or(service.port),
                    .weight = reader.number("weight", 0, largest_weight),
                    .forwarding = reader.forwarding("forwarding"),
                    .upper_threshold = reader.number("upper_threshold", 0, any_number),
                    .lower_threshold = reader.number("lower_threshold", 0, any_number),
                    .last_weight = reader.number("last_weight", 0, largest_weight)};
}

Command read_delete_server(JsonReader& reader) {
  const service::ServiceKey service = read_service(reader);
  return DeleteServer{.service = service,
                      .address = reader.needed_address("address"),
                      .port = reader.port("port").value_or(service.port)};
}

Command read_zero_statistics(JsonReader& reader) {
  if (!reader.find("service")) return ZeroStatistics{};
  return ZeroStatistics{read_service(reader)};
}

service::MarkRule read_rule(JsonReader& reader) {
  reader.need("mark");
  return {.mark = reader.number("mark", 1, any_number).value_or(0),
          .protocol = reader.protocol("protocol"),
          .source = reader.network("source"),
          .destination = reader.network("destination"),
          .source_ports = reader.ports("source_ports").value_or(service::PortRange()),
          .destination_ports = reader.ports("destination_ports").value_or(service::PortRange())};
}

Command read_add_mark(JsonReader& reader) {
  return AddMark{.rule = read_rule(reader), .position = reader.number("position", 1, any_number)};
}

Command read_delete_mark(JsonReader& reader) {
  return DeleteMark{.like = read_rule(reader), .exact = reader.flag("exact").value_or(false)};
}

Command read_edit_settings(JsonReader& reader) {
  EditSettings command;
  for (const service::SettingInfo& setting : service::settings_table)
    if (const auto value = reader.number(setting.name.data(), setting.low, setting.high))
      command.changes.push_back({&setting, *value});
  return command;
}

Command read_start_sync_daemon(JsonReader& reader) {
  constexpr std::uint32_t any_16_bits = 0xffff, any_8_bits = 0xff;
  for (const char* needed : {"role", "interface", "sync_id", "longest_message", "port", "ttl"}) reader.need(needed);
  return StartSyncDaemon{
      {.role = reader.sync_role("role").value_or(SyncRole::master),
       .interface = reader.text("interface").value_or(""),
       .sync_id = reader.number("sync_id", 0, any_number).value_or(0),
       .longest_message = static_cast<std::uint16_t>(reader.number("longest_message", 1, any_16_bits).value_or(1)),
       .group = reader.needed_address("group"),
       .port = static_cast<std::uint16_t>(reader.number("port", 1, any_16_bits).value_or(1)),
       .ttl = static_cast<std::uint8_t>(reader.number("ttl", 1, any_8_bits).value_or(1))}};
}

Command read_stop_sync_daemon(JsonReader& reader) {
  reader.need("role");
  return StopSyncDaemon{reader.sync_role("role").value_or(SyncRole::master)};
}

struct Kind {
  const char* name;
  Command (*read)(JsonReader& reader);
};

/// In the order of Command's alternatives.
constexpr Kind kinds[] = {{"add_service", read_add_service},
                          {"edit_service", read_edit_service},
                          {"delete_service", read_delete_service},
                          {"add_server", read_add_server},
                          {"edit_server", read_edit_server},
                          {"delete_server", read_delete_server},
                          {"zero_statistics", read_zero_statistics},
                          {"add_mark", read_add_mark},
                          {"delete_mark", read_delete_mark},
                          {"edit_settings", read_edit_settings},
                          {"start_sync_daemon", read_start_sync_daemon},
                          {"stop_sync_daemon", read_stop_sync_daemon}};
static_assert(std::size(kinds) == std::variant_size_v<Command>);

json key_json(const service::ServiceKey& key) {
  json object;
  add_key(object, key);
  return object;
}

template <class ServerCommand>
json server_json(const ServerCommand& command) {
  return {{"service", key_json(command.service)},
          {"address", net::to_string(command.address)},
          {"port", command.port.host()}};
}

template <class T>
void add(json& object, const char* name, const std::optional<T>& value) {
  if (value) object[name] = *value;
}

void add(json& object, const char* name, const std::optional<service::Forwarding>& forwarding) {
  if (forwarding) object[name] = service::to_string(*forwarding);
}

void add_if_not_zero(json& object, const char* name, std::uint32_t value) {
  if (value != 0) object[name] = value;
}

json body_of(const AddService& command) {
  const service::ServiceSpec& spec = command.spec;
  json body = key_json(spec.key);
  if (!spec.name.empty()) body["name"] = spec.name;
  body["scheduler"] = spec.scheduler;
  if (!spec.scheduler_flags.empty()) body["scheduler_flags"] = flag_names<json>(spec.scheduler_flags);
  body["forwarding"] = service::to_string(spec.forwarding);
  add_if_not_zero(body, "persistence", spec.persistence);
  add_if_not_zero(body, "persistence_netmask", spec.persistence_prefix);
  if (spec.one_packet) body["one_packet"] = true;
  for (const auto& server : spec.servers) {
    json& one = body["servers"].emplace_back(json{{"address", net::to_string(server.address)},
                                                  {"port", server.port.host()},
                                                  {"weight", server.weight},
                                                  {"forwarding", service::to_string(server.forwarding)}});
    add_if_not_zero(one, "upper_threshold", server.upper_threshold);
    add_if_not_zero(one, "lower_threshold", server.lower_threshold);
    add_if_not_zero(one, "last_weight", server.last_weight);
  }
  return body;
}

json body_of(const EditService& command) {
  json body = key_json(command.key);
  add(body, "name", command.name);
  add(body, "scheduler", command.scheduler);
  if (command.scheduler_flags) body["scheduler_flags"] = flag_names<json>(*command.scheduler_flags);
  add(body, "forwarding", command.forwarding);
  add(body, "persistence", command.persistence);
  add(body, "persistence_netmask", command.persistence_prefix);
  add(body, "one_packet", command.one_packet);
  return body;
}

json body_of(const DeleteService& command) { return key_json(command.key); }

json body_of(const AddServer& command) {
  json body = server_json(command);
  body["weight"] = command.weight;
  add(body, "forwarding", command.forwarding);
  add_if_not_zero(body, "upper_threshold", command.upper_threshold);
  add_if_not_zero(body, "lower_threshold", command.lower_threshold);
  add_if_not_zero(body, "last_weight", command.last_weight);
  return body;
}

json body_of(const EditServer& command) {
  json body = server_json(command);
  add(body, "weight", command.weight);
  add(body, "forwarding", command.forwarding);
  add(body, "upper_threshold", command.upper_threshold);
  add(body, "lower_threshold", command.lower_threshold);
  add(body, "last_weight", command.last_weight);
  return body;
}

json body_of(const DeleteServer& command) { return server_json(command); }

json body_of(const ZeroStatistics& command) {
  return command.service ? json{{"service", key_json(*command.service)}} : json::object();
}

json rule_json(const service::MarkRule& rule) {
  json body;
  add_rule(body, rule);
  return body;
}

json body_of(const AddMark& command) {
  json body = rule_json(command.rule);
  add(body, "position", command.position);
  return body;
}

json body_of(const DeleteMark& command) {
  json body = rule_json(command.like);
  if (command.exact) body["exact"] = true;
  return body;
}

json body_of(const EditSettings& command) {
  json body = json::object();
  for (const auto& [setting, value] : command.changes) body[std::string(setting->name)] = value;
  return body;
}

json body_of(const StartSyncDaemon& command) {
  const SyncDaemon& daemon = command.daemon;
  return {{"role", to_string(daemon.role)},
          {"interface", daemon.interface},
          {"sync_id", daemon.sync_id},
          {"longest_message", daemon.longest_message},
          {"group", net::to_string(daemon.group)},
          {"port", daemon.port},
          {"ttl", daemon.ttl}};
}

json body_of(const StopSyncDaemon& command) { return {{"role", to_string(command.role)}}; }

}  // namespace

base::Result<Command> command_from_json(const json& object) {
  if (!object.is_object() || object.size() != 1)
    return base::Error{"a command is an object with one member, the command's name"};
  const std::string& name = object.begin().key();
  for (const Kind& kind : kinds) {
    if (name != kind.name) continue;
    std::string error;
    JsonReader reader(object.front(), name, error);
    Command command = kind.read(reader);
    reader.refuse_others();
    if (!error.empty()) return base::Error{error};
    return command;
  }
  return base::Error{"there is no command '" + name + "'"};
}

json to_json(const Command& command) {
  return {{kinds[command.index()].name, std::visit([](const auto& one) { return body_of(one); }, command)}};
}

}  // namespace fairway::control
