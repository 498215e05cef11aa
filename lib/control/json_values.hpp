// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "service/marks.hpp"
#include "service/spec.hpp"

/// Values of services as members of a JSON object, alike in commands and in what is shown.
namespace fairway::control {

/// Protocol, address and port, or the mark; its family only if it is not IPv4.
template <class Json>
void add_key(Json& object, const service::ServiceKey& key) {
  if (key.is_mark()) {
    object["mark"] = key.mark;
    if (!key.address.is_v4()) object["family"] = "ipv6";
    return;
  }
  object["protocol"] = service::to_string(key.protocol);
  object["address"] = net::to_string(key.address);
  object["port"] = key.port.host();
}

/// What the rule says; nothing of what it leaves open.
template <class Json>
void add_rule(Json& object, const service::MarkRule& rule) {
  object["mark"] = rule.mark;
  if (rule.protocol) object["protocol"] = service::to_string(*rule.protocol);
  if (rule.source) object["source"] = net::to_string(*rule.source);
  if (rule.destination) object["destination"] = net::to_string(*rule.destination);
  if (!rule.source_ports.is_any()) object["source_ports"] = service::to_string(rule.source_ports);
  if (!rule.destination_ports.is_any()) object["destination_ports"] = service::to_string(rule.destination_ports);
}

template <class Json>
Json flag_names(service::SchedulerFlags flags) {
  Json names = Json::array();
  for (const auto& info : service::scheduler_flags)
    if (flags.has(info.flag)) names.push_back(info.name);
  return names;
}

}  // namespace fairway::control
