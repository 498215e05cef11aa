// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/revise.hpp"

#include <algorithm>

namespace fairway::control {
namespace {

using service::MarkRule;
using service::ServerSpec;
using service::ServiceSpec;
using Rules = std::vector<MarkRule>;

/// Whether a rule says the same wherever `pattern` says something.
bool is_like(const MarkRule& rule, const MarkRule& pattern) {
  return rule.mark == pattern.mark && (!pattern.protocol || rule.protocol == pattern.protocol) &&
         (!pattern.source || rule.source == pattern.source) &&
         (!pattern.destination || rule.destination == pattern.destination) &&
         (pattern.source_ports.is_any() || rule.source_ports == pattern.source_ports) &&
         (pattern.destination_ports.is_any() || rule.destination_ports == pattern.destination_ports);
}

}  // namespace

void normalize(ServiceSpec& spec) {
  if (spec.persistence_prefix == service::whole_prefix(spec.key.address.family)) spec.persistence_prefix = 0;
}

ServiceSpec revised(ServiceSpec spec, const EditService& command) {
  spec.name = command.name.value_or(spec.name);
  if (command.scheduler && *command.scheduler != spec.scheduler) spec.scheduler_flags = {};
  spec.scheduler = command.scheduler.value_or(spec.scheduler);
  spec.scheduler_flags = command.scheduler_flags.value_or(spec.scheduler_flags);
  spec.forwarding = command.forwarding.value_or(spec.forwarding);
  spec.persistence = command.persistence.value_or(spec.persistence);
  if (spec.persistence == 0) spec.persistence_prefix = 0;
  spec.persistence_prefix = command.persistence_prefix.value_or(spec.persistence_prefix);
  spec.one_packet = command.one_packet.value_or(spec.one_packet);
  return spec;
}

ServerSpec revised(ServerSpec spec, const EditServer& command) {
  if (command.weight) spec.set_weight(*command.weight);
  spec.last_weight = command.last_weight.value_or(spec.last_weight);
  spec.forwarding = command.forwarding.value_or(spec.forwarding);
  spec.upper_threshold = command.upper_threshold.value_or(spec.upper_threshold);
  spec.lower_threshold = command.lower_threshold.value_or(spec.lower_threshold);
  return spec;
}

ServerSpec spec_of(const AddServer& command, service::Forwarding usual) {
  return {.address = command.address,
          .port = command.port,
          .weight = command.weight,
          .forwarding = command.forwarding.value_or(usual),
          .upper_threshold = command.upper_threshold,
          .lower_threshold = command.lower_threshold,
          .last_weight = command.last_weight};
}

base::Result<Rules> revised(Rules rules, const AddMark& command) {
  if (auto checked = first_of(service::check(command.rule)); !checked) return checked.error();
  if (std::find(rules.begin(), rules.end(), command.rule) != rules.end())
    return base::Error{"the rule " + service::to_string(command.rule) + " already exists"};
  if (rules.size() == service::most_mark_rules)
    return base::Error{"there are " + std::to_string(rules.size()) + " rules for marks already, and may be no more"};
  const std::size_t position = command.position.value_or(static_cast<std::uint32_t>(rules.size() + 1));
  if (position == 0 || position > rules.size() + 1)
    return base::Error{"position " + std::to_string(position) + " is out of range 1.." +
                       std::to_string(rules.size() + 1)};
  rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(position - 1), command.rule);
  return rules;
}

base::Result<Rules> revised(Rules rules, const DeleteMark& command) {
  const auto gone = std::erase_if(
      rules, [&](const MarkRule& rule) { return command.exact ? rule == command.like : is_like(rule, command.like); });
  if (gone == 0) return base::Error{"there is no rule " + service::to_string(command.like)};
  return rules;
}

base::Result<service::Settings> revised(service::Settings settings, const EditSettings& command) {
  for (const auto& [setting, value] : command.changes) {
    if (auto checked = service::check(*setting, value); !checked) return checked.error();
    settings.*setting->field = value;
  }
  return settings;
}

base::Result<SyncDaemons> revised(SyncDaemons daemons, const StartSyncDaemon& command) {
  const SyncRole role = command.daemon.role;
  if (find(daemons, role))
    return base::Error{"the " + std::string(to_string(role)) + " synchronisation daemon runs already"};
  daemons.insert(role == SyncRole::master ? daemons.begin() : daemons.end(), command.daemon);
  return daemons;
}

base::Result<SyncDaemons> revised(SyncDaemons daemons, const StopSyncDaemon& command) {
  if (std::erase_if(daemons, [&](const SyncDaemon& one) { return one.role == command.role; }) == 0)
    return base::Error{"the " + std::string(to_string(command.role)) + " synchronisation daemon does not run"};
  return daemons;
}

base::Error no_such_service(const service::ServiceKey& key) {
  return {"there is no service " + service::to_string(key)};
}

base::Error service_exists(const service::ServiceKey& key) {
  return {"service " + service::to_string(key) + " already exists"};
}

base::Error no_such_server(const service::ServiceKey& key, const net::Address& address, net::ServicePort port) {
  return {"there is no server " + net::to_string(address, port) + " in service " + service::to_string(key)};
}

base::Error server_exists(const service::ServiceKey& key, const net::Address& address, net::ServicePort port) {
  return {"server " + net::to_string(address, port) + " already exists in service " + service::to_string(key)};
}

base::Result<void> first_of(const std::vector<service::Problem>& problems) {
  if (problems.empty()) return {};
  return base::Error{problems.front().message};
}

}  // namespace fairway::control
