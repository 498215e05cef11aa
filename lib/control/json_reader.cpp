// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/json_reader.hpp"

#include <algorithm>

namespace fairway::control {
namespace {

std::optional<net::Family> parse_family(std::string_view text) {
  if (text == "ipv4") return net::Family::ipv4;
  if (text == "ipv6") return net::Family::ipv6;
  return std::nullopt;
}

}  // namespace

JsonReader::JsonReader(const Json& object, std::string path, std::string& error)
    : object_(object), path_(std::move(path)), error_(error) {
  if (!object.is_object()) blame("", "must be an object");
}

void JsonReader::blame(const std::string& name, const std::string& what) {
  if (error_.empty()) error_ = path_of(name) + ": " + what;
}

const nlohmann::json* JsonReader::find(const char* name) {
  known_.push_back(name);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

const nlohmann::json* JsonReader::need(const char* name) {
  const Json* member = find(name);
  if (!member) blame(name, "is missing");
  return member;
}

void JsonReader::refuse_others() {
  if (!object_.is_object()) return;
  for (const auto& [name, value] : object_.items())
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) blame(name, "is unknown");
}

std::optional<std::string> JsonReader::text_of(const char* name, const Json* member) {
  if (!member) return std::nullopt;
  if (member->is_string()) return member->get<std::string>();
  blame(name, "must be a string");
  return std::nullopt;
}

std::optional<std::string> JsonReader::text(const char* name) { return text_of(name, find(name)); }

/// Of what is a number in simple cases, in the form that a text would have.
std::optional<std::string> JsonReader::number_or_text(const char* name) {
  const Json* member = find(name);
  return member && member->is_number_integer() ? std::optional(member->dump()) : text_of(name, member);
}

std::optional<bool> JsonReader::flag(const char* name) {
  const Json* member = find(name);
  if (!member) return std::nullopt;
  if (!member->is_boolean()) blame(name, "must be true or false");
  return member->is_boolean() ? std::optional(member->get<bool>()) : std::nullopt;
}

std::optional<std::uint32_t> JsonReader::number(const char* name, std::uint32_t least, std::uint32_t most) {
  const Json* member = find(name);
  if (!member) return std::nullopt;
  if (member->is_number_unsigned()) {
    const auto value = member->get<std::uint64_t>();
    if (value >= least && value <= most) return static_cast<std::uint32_t>(value);
  }
  blame(name, !member->is_number_integer()
                  ? "must be a whole number"
                  : member->dump() + " is out of range " + std::to_string(least) + ".." + std::to_string(most));
  return std::nullopt;
}

std::optional<net::ServicePort> JsonReader::port(const char* name) {
  const auto value = number(name, 0, 65535);
  return value ? std::optional(net::ServicePort(static_cast<std::uint16_t>(*value))) : std::nullopt;
}

template <class Parse>
auto JsonReader::parsed(const char* name, const std::optional<std::string>& given, Parse parse, const char* complaint)
    -> decltype(parse(std::string_view())) {
  if (!given) return std::nullopt;
  auto value = parse(*given);
  if (!value) blame(name, "'" + *given + "' " + complaint);
  return value;
}

net::Address JsonReader::needed_address(const char* name) {
  return parsed(name, text_of(name, need(name)), net::parse_address, "is not an IP address").value_or(net::Address());
}

std::optional<net::Protocol> JsonReader::protocol(const char* name) {
  return parsed(name, text(name), service::parse_protocol, "is not tcp or udp");
}

std::optional<net::Family> JsonReader::family(const char* name) {
  return parsed(name, text(name), parse_family, "is not ipv4 or ipv6");
}

std::optional<SyncRole> JsonReader::sync_role(const char* name) {
  return parsed(name, text(name), parse_sync_role, "is not master or backup");
}

std::optional<service::Forwarding> JsonReader::forwarding(const char* name) {
  return parsed(name, text(name), service::parse_forwarding, "is not nat, dr or tun");
}

std::optional<std::uint8_t> JsonReader::netmask(const char* name) {
  return parsed(name, number_or_text(name), service::parse_netmask, "is not a netmask such as 24 or 255.255.255.0");
}

std::optional<net::Prefix> JsonReader::network(const char* name) {
  return parsed(name, text(name), service::parse_network, "is not a network such as 192.168.4.0/24");
}

std::optional<service::PortRange> JsonReader::ports(const char* name) {
  return parsed(name, number_or_text(name), service::parse_ports, "is not a port or ports such as 8000-8010");
}

std::optional<service::SchedulerFlags> JsonReader::scheduler_flags(const char* name) {
  if (!find(name)) return std::nullopt;
  service::SchedulerFlags flags;
  for (const Json& item : list(name)) {
    const auto flag = item.is_string() ? service::parse_scheduler_flag(item.get<std::string>()) : std::nullopt;
    if (!flag) blame(name, item.dump() + " is no flag of a scheduler");
    if (flag) flags.add(*flag);
  }
  return flags;
}

JsonReader JsonReader::needed_object(const char* name) {
  static const Json none = Json::object();
  const Json* member = need(name);
  return inside(member ? *member : none, name);
}

std::span<const nlohmann::json> JsonReader::list(const char* name) {
  const Json* member = find(name);
  if (!member) return {};
  if (member->is_array()) return member->get_ref<const Json::array_t&>();
  blame(name, "must be an array");
  return {};
}

}  // namespace fairway::control
