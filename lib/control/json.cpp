// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

namespace fairway::control {
namespace {

using nlohmann::json;

/// Reads the members of one JSON object. Keeps the first thing that is wrong; what is read after that means nothing.
class Reader {
 public:
  Reader(const json& object, std::string path, std::string& error)
      : object_(object), path_(std::move(path)), error_(error) {
    if (!object.is_object()) blame("", "must be an object");
  }

  /// The member that must be there. Null if it is not.
  const json* need(const char* name) {
    const json* member = find(name);
    if (!member) blame(name, "is missing");
    return member;
  }

  const json* find(const char* name) {
    known_.push_back(name);
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  std::string text(const char* name, const json* member) {
    if (!member) return {};
    if (member->is_string()) return member->get<std::string>();
    blame(name, "must be a string");
    return {};
  }

  std::uint32_t number(const char* name, const json* member, std::uint32_t least, std::uint32_t most) {
    if (!member) return {};
    if (member->is_number_unsigned()) {
      const auto value = member->get<std::uint64_t>();
      if (value >= least && value <= most) return static_cast<std::uint32_t>(value);
    }
    blame(name, !member->is_number_integer()
                    ? "must be a whole number"
                    : member->dump() + " is out of range " + std::to_string(least) + ".." + std::to_string(most));
    return 0;
  }

  net::ServicePort port(const char* name) {
    return net::ServicePort(static_cast<std::uint16_t>(number(name, need(name), 1, 65535)));
  }

  net::Address address(const char* name) {
    return parsed(name, need(name), net::parse_address, "is not an IP address").value_or(net::Address());
  }

  net::Protocol protocol(const char* name) {
    return parsed(name, need(name), service::parse_protocol, "is not tcp or udp").value_or(net::Protocol::tcp);
  }

  std::optional<service::Forwarding> forwarding(const char* name) {
    return parsed(name, find(name), service::parse_forwarding, "is not nat, dr or tun");
  }

  std::optional<std::string> optional_text(const char* name) {
    const json* member = find(name);
    return member ? std::optional(text(name, member)) : std::nullopt;
  }

  std::optional<std::uint32_t> optional_number(const char* name, std::uint32_t most) {
    const json* member = find(name);
    return member ? std::optional(number(name, member, 0, most)) : std::nullopt;
  }

  std::optional<service::SchedulerFlags> scheduler_flags(const char* name) {
    if (!find(name)) return std::nullopt;
    service::SchedulerFlags flags;
    for (const json& item : list(name)) {
      const auto flag = item.is_string() ? service::parse_scheduler_flag(item.get<std::string>()) : std::nullopt;
      if (!flag) blame(name, item.dump() + " is no flag of a scheduler");
      if (flag) flags.add(*flag);
    }
    return flags;
  }

  /// Of a value within this object.
  Reader inside(const json& value, const std::string& name) const { return {value, path_of(name), error_}; }
  Reader object(const char* name) {
    static const json none = json::object();
    const json* member = need(name);
    return inside(member ? *member : none, name);
  }

  std::span<const json> list(const char* name) {
    const json* member = find(name);
    if (!member) return {};
    if (member->is_array()) return member->get_ref<const json::array_t&>();
    blame(name, "must be an array");
    return {};
  }

  /// To be called when all members that there may be have been asked for.
  void refuse_others() {
    if (!object_.is_object()) return;
    for (const auto& [name, value] : object_.items())
      if (std::find(known_.begin(), known_.end(), name) == known_.end()) blame(name, "is unknown");
  }

  void blame(const std::string& name, const std::string& what) {
    if (error_.empty()) error_ = path_of(name) + ": " + what;
  }

 private:
  std::string path_of(const std::string& name) const { return name.empty() ? path_ : path_ + "." + name; }

  template <class Parse>
  auto parsed(const char* name, const json* member, Parse parse, const char* complaint) -> decltype(parse("")) {
    const std::string given = text(name, member);
    if (!member || !member->is_string()) return std::nullopt;
    auto value = parse(given);
    if (!value) blame(name, "'" + given + "' " + complaint);
    return value;
  }

  const json& object_;
  std::string path_;
  std::string& error_;
  std::vector<std::string_view> known_;
};

constexpr auto most_seconds = std::uint32_t{0xffffffff};
constexpr auto largest_weight = static_cast<std::uint32_t>(service::ServerSpec::largest_weight);

service::ServiceKey read_key(Reader& reader) {
  return {.protocol = reader.protocol("protocol"), .address = reader.address("address"), .port = reader.port("port")};
}

service::ServiceKey read_service(Reader& reader) {
  Reader key_reader = reader.object("service");
  const service::ServiceKey key = read_key(key_reader);
  key_reader.refuse_others();
  return key;
}

service::ServerSpec read_server(Reader& reader, service::Forwarding forwarding) {
  service::ServerSpec spec{.address = reader.address("address"),
                           .port = reader.port("port"),
                           .weight = reader.optional_number("weight", largest_weight).value_or(1),
                           .forwarding = reader.forwarding("forwarding").value_or(forwarding)};
  reader.refuse_others();
  return spec;
}

Command read_add_service(Reader& reader) {
  service::ServiceSpec spec;
  spec.key = read_key(reader);
  spec.name = reader.optional_text("name").value_or("");
  spec.scheduler = reader.optional_text("scheduler").value_or(spec.scheduler);
  spec.scheduler_flags = reader.scheduler_flags("scheduler_flags").value_or(spec.scheduler_flags);
  spec.forwarding = reader.forwarding("forwarding").value_or(spec.forwarding);
  spec.persistence = reader.optional_number("persistence", most_seconds).value_or(0);
  std::size_t index = 0;
  for (const json& server : reader.list("servers")) {
    Reader server_reader = reader.inside(server, "servers[" + std::to_string(index++) + "]");
    spec.servers.push_back(read_server(server_reader, spec.forwarding));
  }
  return AddService{std::move(spec)};
}

Command read_edit_service(Reader& reader) {
  return EditService{.key = read_key(reader),
                     .name = reader.optional_text("name"),
                     .scheduler = reader.optional_text("scheduler"),
                     .scheduler_flags = reader.scheduler_flags("scheduler_flags"),
                     .forwarding = reader.forwarding("forwarding"),
                     .persistence = reader.optional_number("persistence", most_seconds)};
}

Command read_delete_service(Reader& reader) { return DeleteService{read_key(reader)}; }

Command read_add_server(Reader& reader) {
  return AddServer{.service = read_service(reader),
                   .address = reader.address("address"),
                   .port = reader.port("port"),
                   .weight = reader.optional_number("weight", largest_weight).value_or(1),
                   .forwarding = reader.forwarding("forwarding")};
}

Command read_edit_server(Reader& reader) {
  return EditServer{.service = read_service(reader),
                    .address = reader.address("address"),
                    .port = reader.port("port"),
                    .weight = reader.optional_number("weight", largest_weight),
                    .forwarding = reader.forwarding("forwarding")};
}

Command read_delete_server(Reader& reader) {
  return DeleteServer{
      .service = read_service(reader), .address = reader.address("address"), .port = reader.port("port")};
}

Command read_zero_statistics(Reader& reader) {
  if (!reader.find("service")) return ZeroStatistics{};
  return ZeroStatistics{read_service(reader)};
}

struct Kind {
  const char* name;
  Command (*read)(Reader& reader);
};

/// In the order of Command's alternatives.
constexpr Kind kinds[] = {{"add_service", read_add_service},        {"edit_service", read_edit_service},
                          {"delete_service", read_delete_service},  {"add_server", read_add_server},
                          {"edit_server", read_edit_server},        {"delete_server", read_delete_server},
                          {"zero_statistics", read_zero_statistics}};
static_assert(std::size(kinds) == std::variant_size_v<Command>);

json key_json(const service::ServiceKey& key) {
  return {{"protocol", service::to_string(key.protocol)},
          {"address", net::to_string(key.address)},
          {"port", key.port.host()}};
}

template <class ServerCommand>
json server_json(const ServerCommand& command) {
  return {{"service", key_json(command.service)},
          {"address", net::to_string(command.address)},
          {"port", command.port.host()}};
}

void add_forwarding(json& object, const std::optional<service::Forwarding>& forwarding) {
  if (forwarding) object["forwarding"] = service::to_string(*forwarding);
}

json flags_json(service::SchedulerFlags flags) {
  json names = json::array();
  for (const auto& info : service::scheduler_flags)
    if (flags.has(info.flag)) names.push_back(info.name);
  return names;
}

json body_of(const AddService& command) {
  json body = key_json(command.spec.key);
  if (!command.spec.name.empty()) body["name"] = command.spec.name;
  body["scheduler"] = command.spec.scheduler;
  if (!command.spec.scheduler_flags.empty()) body["scheduler_flags"] = flags_json(command.spec.scheduler_flags);
  body["forwarding"] = service::to_string(command.spec.forwarding);
  if (command.spec.persistence > 0) body["persistence"] = command.spec.persistence;
  for (const auto& server : command.spec.servers)
    body["servers"].push_back({{"address", net::to_string(server.address)},
                               {"port", server.port.host()},
                               {"weight", server.weight},
                               {"forwarding", service::to_string(server.forwarding)}});
  return body;
}

json body_of(const EditService& command) {
  json body = key_json(command.key);
  if (command.name) body["name"] = *command.name;
  if (command.scheduler) body["scheduler"] = *command.scheduler;
  if (command.scheduler_flags) body["scheduler_flags"] = flags_json(*command.scheduler_flags);
  add_forwarding(body, command.forwarding);
  if (command.persistence) body["persistence"] = *command.persistence;
  return body;
}

json body_of(const DeleteService& command) { return key_json(command.key); }

json body_of(const AddServer& command) {
  json body = server_json(command);
  body["weight"] = command.weight;
  add_forwarding(body, command.forwarding);
  return body;
}

json body_of(const EditServer& command) {
  json body = server_json(command);
  if (command.weight) body["weight"] = *command.weight;
  add_forwarding(body, command.forwarding);
  return body;
}

json body_of(const DeleteServer& command) { return server_json(command); }

json body_of(const ZeroStatistics& command) {
  return command.service ? json{{"service", key_json(*command.service)}} : json::object();
}

}  // namespace

base::Result<Command> command_from_json(const json& object) {
  if (!object.is_object() || object.size() != 1)
    return base::Error{"a command is an object with one member, the command's name"};
  const std::string& name = object.begin().key();
  for (const Kind& kind : kinds) {
    if (name != kind.name) continue;
    std::string error;
    Reader reader(object.front(), name, error);
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
