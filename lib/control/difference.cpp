// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/difference.hpp"

#include <algorithm>
#include <unordered_map>

#include "control/replay.hpp"
#include "control/revise.hpp"

namespace fairway::control {
namespace {

using service::ServerSpec;
using service::ServiceSpec;
using Commands = std::vector<Command>;

void add_settings(const service::Settings& before, const service::Settings& after, Commands& commands) {
  EditSettings edit;
  for (const service::SettingInfo& setting : service::settings_table)
    if (before.*setting.field != after.*setting.field) edit.changes.push_back({&setting, after.*setting.field});
  if (!edit.changes.empty()) commands.push_back(std::move(edit));
}

/// Rules that stay in their order are not touched.
void add_marks(std::vector<service::MarkRule> rules, const std::vector<service::MarkRule>& after, Commands& commands) {
  const auto take_out = [&](const service::MarkRule& rule) {
    commands.push_back(DeleteMark{.like = rule, .exact = true});
    std::erase(rules, rule);
  };
  const auto has = [](const auto& all, const auto& rule) {
    return std::find(all.begin(), all.end(), rule) != all.end();
  };
  for (const service::MarkRule& rule : std::vector(rules))
    if (!has(after, rule)) take_out(rule);
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (i < rules.size() && rules[i] == after[i]) continue;
    if (has(rules, after[i])) take_out(after[i]);
    const bool is_last = i == rules.size();
    commands.push_back(AddMark{.rule = after[i],
                               .position = is_last ? std::nullopt : std::optional(static_cast<std::uint32_t>(i + 1))});
    rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(i), after[i]);
  }
}

template <class T>
std::optional<T> if_changed(const T& before, const T& after) {
  return before == after ? std::nullopt : std::optional(after);
}

void add_fields(const ServiceSpec& before, const ServiceSpec& after, Commands& commands) {
  EditService edit{.key = after.key,
                   .name = if_changed(before.name, after.name),
                   .scheduler = if_changed(before.scheduler, after.scheduler),
                   .scheduler_flags = {},
                   .forwarding = if_changed(before.forwarding, after.forwarding),
                   .persistence = if_changed(before.persistence, after.persistence),
                   .persistence_prefix = {},
                   .one_packet = if_changed(before.one_packet, after.one_packet)};
  // What one change takes along with it is said again.
  const ServiceSpec so_far = revised(before, edit);
  if (so_far.scheduler_flags != after.scheduler_flags) edit.scheduler_flags = after.scheduler_flags;
  if (so_far.persistence_prefix != after.persistence_prefix)
    edit.persistence_prefix =
        after.persistence_prefix != 0 ? after.persistence_prefix : service::whole_prefix(after.key.address.family);
  const bool is_same = !edit.name && !edit.scheduler && !edit.scheduler_flags && !edit.forwarding &&
                       !edit.persistence && !edit.persistence_prefix && !edit.one_packet;
  if (!is_same) commands.push_back(std::move(edit));
}

/// Of one service, by address and port. A service may have thousands.
class ServersByName {
 public:
  explicit ServersByName(const std::vector<ServerSpec>& servers) {
    for (const ServerSpec& server : servers) servers_.emplace(name_of(server), &server);
  }
  const ServerSpec* find(const ServerSpec& like) const {
    const auto found = servers_.find(name_of(like));
    return found == servers_.end() ? nullptr : found->second;
  }

 private:
  using Name = std::pair<net::Address, std::uint16_t>;
  struct Hash {
    std::size_t operator()(const Name& name) const noexcept {
      return std::hash<net::Address>{}(name.first) * 31 + name.second;
    }
  };
  static Name name_of(const ServerSpec& server) { return {server.address, server.port.host()}; }

  std::unordered_map<Name, const ServerSpec*, Hash> servers_;
};

void add_fields(const service::ServiceKey& service, const ServerSpec& before, const ServerSpec& after,
                Commands& commands) {
  if (before == after) return;
  EditServer edit{.service = service,
                  .address = after.address,
                  .port = after.port,
                  .weight = if_changed(before.weight, after.weight),
                  .forwarding = if_changed(before.forwarding, after.forwarding),
                  .upper_threshold = if_changed(before.upper_threshold, after.upper_threshold),
                  .lower_threshold = if_changed(before.lower_threshold, after.lower_threshold)};
  if (revised(before, edit).last_weight != after.last_weight) edit.last_weight = after.last_weight;
  commands.push_back(std::move(edit));
}

void add_servers(const ServiceSpec& before, const ServiceSpec& after, Commands& commands) {
  if (before.servers == after.servers) return;
  const ServersByName old(before.servers), next(after.servers);
  for (const ServerSpec& server : after.servers) {
    const ServerSpec* was = old.find(server);
    if (!was)
      commands.push_back(AddServer{.service = after.key,
                                   .address = server.address,
                                   .port = server.port,
                                   .weight = server.weight,
                                   .forwarding = server.forwarding,
                                   .upper_threshold = server.upper_threshold,
                                   .lower_threshold = server.lower_threshold,
                                   .last_weight = server.last_weight});
    else
      add_fields(after.key, *was, server, commands);
  }
  for (const ServerSpec& server : before.servers)
    if (!next.find(server))
      commands.push_back(DeleteServer{.service = before.key, .address = server.address, .port = server.port});
}

void add_services(const Inventory& before, const Inventory& after, Commands& commands) {
  std::unordered_map<service::ServiceKey, const ServiceSpec*, ServiceKeyHash> old;
  for (const ServiceSpec& spec : before.services) old.emplace(spec.key, &spec);
  for (const ServiceSpec& spec : after.services) {
    const auto was = old.find(spec.key);
    if (was == old.end()) {
      commands.push_back(AddService{spec});
      continue;
    }
    add_fields(*was->second, spec, commands);
    add_servers(*was->second, spec, commands);
    old.erase(was);
  }
  for (const ServiceSpec& spec : before.services)
    if (old.contains(spec.key)) commands.push_back(DeleteService{spec.key});
}

void add_daemons(const SyncDaemons& before, const SyncDaemons& after, Commands& commands) {
  for (const auto role : {SyncRole::master, SyncRole::backup}) {
    const SyncDaemon *was = find(before, role), *is = find(after, role);
    if (was && is && *was == *is) continue;
    if (was) commands.push_back(StopSyncDaemon{role});
    if (is) commands.push_back(StartSyncDaemon{*is});
  }
}

}  // namespace

std::vector<Command> difference(const Inventory& before, const Inventory& after) {
  Commands commands;
  add_settings(before.settings, after.settings, commands);
  add_marks(before.marks, after.marks, commands);
  add_services(before, after, commands);
  add_daemons(before.sync_daemons, after.sync_daemons, commands);
  return commands;
}

}  // namespace fairway::control
