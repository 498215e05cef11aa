// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/decode.hpp"

#include <algorithm>

#include "config/device.hpp"
#include "config/values.hpp"

namespace fairway::config::decode {
namespace {

std::string range_text(const Range& range) { return std::to_string(range.low) + ".." + std::to_string(range.high); }

template <class T>
void assign(Field& field, const base::Result<T>& result, T& target) {
  if (result)
    target = *result;
  else
    field.fail(result.error().message);
}

bool has_printable_only(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<std::string_view> text_in_range(Field& field) {
  const auto text = scalar(field);
  if (!text || field.key.range.holds(static_cast<std::int64_t>(text->size()))) return text;
  field.fail(quoted(*text) + " has a length out of range " + range_text(field.key.range));
  return std::nullopt;
}

/// "a list", for messages.
std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::scalar: return "a word";
    case Node::Kind::sequence: return "a list";
    case Node::Kind::mapping: return "a mapping";
  }
  return "?";
}

void neighbour(Field& field, const Member& member, std::map<net::Address, net::MacAddress>& target) {
  const auto address = net::parse_address(member.key);
  if (!address || !is_unicast(*address))
    return field.fail(member.mark, quoted(member.key) + " is not the address of a neighbour");
  Field value{.key = field.key, .node = *member.value, .problems = field.problems};
  const auto text = scalar(value);
  const auto mac = text ? net::parse_mac(*text) : std::nullopt;
  if (text && (!mac || mac->is_group() || *mac == net::MacAddress{}))
    value.fail(quoted(*text) + " is not the MAC address of one machine, such as 02:00:00:00:00:fe");
  field.is_read = field.is_read && value.is_read;
  if (mac && !target.emplace(*address, *mac).second)
    field.fail(member.mark, "the neighbour " + net::to_string(*address) + " stands here twice");
}

}  // namespace

std::optional<std::string_view> scalar(Field& field) {
  if (field.node.kind == Node::Kind::scalar) return field.node.text;
  if (field.node.kind == Node::Kind::null)
    field.fail("has no value");
  else
    field.fail("is " + std::string(kind_name(field.node.kind)) + " where one value is expected");
  return std::nullopt;
}

bool is_collection(Field& field, Node::Kind kind) {
  if (field.node.kind == kind || field.node.kind == Node::Kind::null) return true;
  field.fail("is " + std::string(kind_name(field.node.kind)) + " where " + std::string(kind_name(kind)) +
             " is expected");
  return false;
}

std::optional<std::int64_t> number_in_range(Field& field, const base::Result<std::int64_t>& number) {
  if (!number)
    field.fail(number.error().message);
  else if (!field.key.range.holds(*number))
    field.fail(std::to_string(*number) + " is out of range " + range_text(field.key.range));
  else
    return *number;
  return std::nullopt;
}

std::optional<std::int64_t> number(Field& field) {
  const auto text = scalar(field);
  return text ? number_in_range(field, parse_number(*text)) : std::nullopt;
}

std::optional<std::int64_t> duration(Field& field) {
  const auto text = scalar(field);
  return text ? number_in_range(field, parse_duration(*text)) : std::nullopt;
}

std::optional<std::size_t> choice_index(Field& field) {
  const auto text = scalar(field);
  if (!text) return std::nullopt;
  constexpr std::string_view between = " | ";
  std::string_view rest = field.key.form;
  for (std::size_t index = 0; !rest.empty(); ++index) {
    const std::size_t size = std::min(rest.find(between), rest.size());
    if (rest.substr(0, size) == *text) return index;
    rest.remove_prefix(std::min(size + between.size(), rest.size()));
  }
  field.fail(quoted(*text) + " is none of " + std::string(field.key.form));
  return std::nullopt;
}

void name(Field& field, std::string& target) {
  const auto text = text_in_range(field);
  if (text && !has_printable_only(*text)) return field.fail(quoted(*text) + " holds a space or is not plain ASCII");
  if (text) target = *text;
}

void path(Field& field, std::string& target) {
  const auto text = text_in_range(field);
  if (text && (!text->starts_with('/') || text->ends_with('/')))
    return field.fail(quoted(*text) + " is not the absolute path of a file");
  if (text) target = *text;
}

void journal(Field& field, std::string& target) {
  if (field.node.kind == Node::Kind::scalar && field.node.text == no_journal)
    target = no_journal;
  else
    path(field, target);
}

void interface_name(Field& field, std::string& target) {
  const auto text = scalar(field);
  if (!text) return;
  if (const auto sound = check_interface_name(*text); !sound) return field.fail(sound.error().message);
  target = *text;
}

void device(Field& field, std::string& target) {
  const auto text = scalar(field);
  if (!text) return;
  if (const auto device = parse_device(*text); !device) return field.fail(device.error().message);
  target = *text;
}

void scheduler(Field& field, std::string& target) {
  if (const auto text = scalar(field)) target = *text;  // the registry of schedulers is asked by the service's rules
}

void scheduler_flags(Field& field, service::SchedulerFlags& target) {
  if (!is_collection(field, Node::Kind::sequence)) return;
  for (const Node* item : field.node.items) {
    Field value{.key = field.key, .node = *item, .problems = field.problems};
    const auto text = scalar(value);
    const auto flag = text ? service::parse_scheduler_flag(*text) : std::nullopt;
    if (text && !flag) value.fail(quoted(*text) + " is no flag of a scheduler");
    if (flag) target.add(*flag);
    field.is_read = field.is_read && value.is_read;
  }
}

void address(Field& field, net::Address& target) {
  const auto text = scalar(field);
  if (!text) return;
  const auto address = net::parse_address(*text);
  if (!address) return field.fail(quoted(*text) + " is not an IP address");
  target = *address;
}

void gateway(Field& field, std::optional<net::Address>& target) {
  net::Address found;
  address(field, found);
  if (field.is_read && !is_unicast(found)) return field.fail(net::to_string(found) + " is not a unicast address");
  if (field.is_read) target = found;
}

void port(Field& field, net::ServicePort& target) {
  if (const auto value = number(field)) target = net::ServicePort(static_cast<std::uint16_t>(*value));
}

void protocol(Field& field, net::Protocol& target) {
  constexpr net::Protocol in_order[] = {net::Protocol::tcp, net::Protocol::udp};
  if (const auto index = choice_index(field)) target = in_order[*index];
}

void netmask(Field& field, std::uint8_t& target) {
  const auto text = scalar(field);
  const auto length = text ? service::parse_netmask(*text) : std::nullopt;
  if (text && !length) field.fail(quoted(*text) + " is not a netmask such as 24, /24 or 255.255.255.0");
  if (length) target = *length;
}

void network(Field& field, std::optional<net::Prefix>& target) {
  const auto text = scalar(field);
  const auto network = text ? service::parse_network(*text) : std::nullopt;
  if (text && !network) field.fail(quoted(*text) + " is not a network such as 192.168.4.0/24");
  if (network) target = network;
}

void ports(Field& field, service::PortRange& target) {
  const auto text = scalar(field);
  const auto range = text ? service::parse_ports(*text) : std::nullopt;
  if (text && !range) field.fail(quoted(*text) + " is not a port, 0..65535, or a range of them such as 8000-8010");
  if (range) target = *range;
}

void workers(Field& field, Director& director) {
  const auto text = scalar(field);
  if (!text) return;
  director.worker_cpus.clear();
  const bool is_list = text->find_first_of("-,", 1) != std::string_view::npos;
  if (!is_list) return number(field, director.worker_count);
  const auto cpus = parse_cpu_list(*text);
  assign(field, cpus, director.worker_cpus);
  if (!cpus) return;
  if (number_in_range(field, static_cast<std::int64_t>(cpus->size())))
    director.worker_count = static_cast<unsigned>(cpus->size());
}

void addresses(Field& field, PortDraft& draft) {
  draft.port.addresses.clear();
  draft.address_marks.clear();
  if (!is_collection(field, Node::Kind::sequence)) return;
  for (const Node* item : field.node.items) {
    Field value{.key = field.key, .node = *item, .problems = field.problems};
    const auto text = scalar(value);
    net::Prefix prefix;
    if (text) assign(value, parse_interface_address(*text), prefix);
    if (value.is_read) {
      draft.port.addresses.push_back(prefix);
      draft.address_marks.push_back(item->mark);
    }
    field.is_read = field.is_read && value.is_read;
  }
}

void neighbours(Field& field, std::map<net::Address, net::MacAddress>& target) {
  target.clear();
  if (!is_collection(field, Node::Kind::mapping)) return;
  for (const Member& member : field.node.members) neighbour(field, member, target);
}

}  // namespace fairway::config::decode
