// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/director.hpp"

#include <algorithm>

#include "sched/registry.hpp"

namespace fairway::control {
namespace {

/// In a long batch, old versions are freed after this many changes: the workers have seen them long before its end.
constexpr std::uint32_t changes_between_collections = 256;

using service::Server;
using service::ServerSpec;
using service::Service;
using service::ServiceSpec;

base::Result<void> first_of(const std::vector<service::Problem>& problems) {
  if (problems.empty()) return {};
  return base::Error{problems.front().message};
}

/// A service's own fields, without its servers.
ServiceSpec spec_of(const Service& service) {
  return {.name = service.name,
          .key = service.key,
          .scheduler = std::string(service.scheduler->name()),
          .scheduler_flags = service.scheduler_flags,
          .forwarding = service.forwarding,
          .persistence = service.persistence,
          .persistence_prefix = service.persistence_prefix,
          .one_packet = service.one_packet,
          .servers = {}};
}

void set_fields(Service& service, const ServiceSpec& spec) {
  service.name = spec.name;
  service.scheduler = sched::find(spec.scheduler);
  service.scheduler_flags = spec.scheduler_flags;
  service.forwarding = spec.forwarding;
  service.persistence = spec.persistence;
  // The whole address is what no netmask means, so that they look alike.
  const bool is_whole = spec.persistence_prefix == service::whole_prefix(spec.key.address.family);
  service.persistence_prefix = is_whole ? std::uint8_t{0} : spec.persistence_prefix;
  service.one_packet = spec.one_packet;
}

/// Gives a service that nobody has seen yet the states of its scheduler, one a worker, as `begin` leaves them.
void begin_life(Service& service, unsigned workers,
                void (sched::Scheduler::*begin)(service::SchedulerState&, const Service&) const noexcept) {
  service.life = std::make_shared<service::ServiceLife>();
  for (unsigned worker = 0; worker < workers; ++worker) {
    service.life->states.push_back(service.scheduler->state());
    (service.scheduler->*begin)(*service.life->states.back(), service);
  }
}

template <class Servers>
auto find_server(Servers& servers, const net::Address& address, net::ServicePort port) {
  return std::find_if(servers.begin(), servers.end(),
                      [&](const Server& server) { return server.address == address && server.port == port; });
}

base::Error no_such_server(const service::ServiceKey& key, const net::Address& address, net::ServicePort port) {
  return {"there is no server " + net::to_string(address, port) + " in service " + service::to_string(key)};
}

/// Whether a rule says the same wherever `pattern` says something.
bool is_like(const service::MarkRule& rule, const service::MarkRule& pattern) {
  return rule.mark == pattern.mark && (!pattern.protocol || rule.protocol == pattern.protocol) &&
         (!pattern.source || rule.source == pattern.source) &&
         (!pattern.destination || rule.destination == pattern.destination) &&
         (pattern.source_ports.is_any() || rule.source_ports == pattern.source_ports) &&
         (pattern.destination_ports.is_any() || rule.destination_ports == pattern.destination_ports);
}

void retire(void* crew, std::shared_ptr<const void> garbage) {
  static_cast<worker::Crew*>(crew)->retire(std::move(garbage));
}

}  // namespace

Director::Director(worker::Crew& crew, NeighbourKeeper& neighbours)
    : crew_(crew), table_(retire, &crew), servers_(crew, table_, neighbours) {}

base::Result<void> Director::apply(const Command& command) {
  return std::visit([this](const auto& one) { return carry_out(one); }, command);
}

void Director::settle() {
  crew_.settle();
  crew_.collect();
  changes_since_collection_ = 0;
}

void Director::sweep(Servers::Time now) {
  settle();
  servers_.sweep(now);
  settle();
}

base::Result<Director::Entry*> Director::entry_of(const service::ServiceKey& key) {
  const auto found = services_.find(key);
  if (found == services_.end()) return base::Error{"there is no service " + service::to_string(key)};
  return &found->second;
}

base::Result<void> Director::check_room_for(const ServiceSpec& spec) const {
  const auto is_new = [&](const ServerSpec& server) {
    return !servers_.is_in_trash({spec.key, server.address, server.port});
  };
  const auto count = static_cast<std::size_t>(std::count_if(spec.servers.begin(), spec.servers.end(), is_new));
  if (servers_.have_room_for(count)) return {};
  return base::Error{"there is no room for the " + std::to_string(count) + " servers of service " +
                     service::to_string(spec.key) + ": at most " + std::to_string(service::max_servers) +
                     " are known at a time"};
}

/// The server takes its id, and what it had counted before it came is none of this service's.
base::Result<Server> Director::admit(Entry& entry, service::ServiceId service, const service::ServiceKey& key,
                                     const ServerSpec& spec) {
  const auto id = servers_.add({key, spec.address, spec.port}, spec);
  if (!id) return id.error();
  entry.others -= servers_.counted(*id);
  servers_.serve(*id, service);
  return Server{.id = *id,
                .address = spec.address,
                .port = spec.port,
                .weight = spec.weight,
                .last_weight = spec.weight,
                .forwarding = spec.forwarding,
                .upper_threshold = spec.upper_threshold,
                .lower_threshold = spec.lower_threshold};
}

void Director::dismiss(Entry& entry, const Server& server) {
  servers_.remove(server.id);
  entry.others += servers_.counted(server.id);
}

/// Publishes a version, with its scheduler's table, in the place of the current one, if any, which is returned.
Director::Version Director::put(Entry& entry, std::shared_ptr<Service> next) {
  Version before = std::exchange(entry.version, std::move(next));
  table_.put(*entry.version);
  return before;
}

/// Of a version whose servers are not those of the current one.
void Director::put_and_announce(Entry& entry, std::shared_ptr<Service> next, bool takes_servers_away) {
  next->index_servers();
  next->table = next->scheduler->table(*next);
  Version before = put(entry, std::move(next));
  crew_.post({.before = before.get(), .after = entry.version.get(), .takes_servers_away = takes_servers_away});
  discard(std::move(before));
}

void Director::discard(Version version) {
  if (version) crew_.retire(std::move(version));
  if (++changes_since_collection_ < changes_between_collections) return;
  crew_.collect();
  changes_since_collection_ = 0;
}

base::Result<void> Director::carry_out(const AddService& command) {
  const ServiceSpec& spec = command.spec;
  if (auto checked = first_of(service::check(spec, sched::is_known)); !checked) return checked;
  if (services_.contains(spec.key)) return base::Error{"service " + service::to_string(spec.key) + " already exists"};
  if (auto room = check_room_for(spec); !room) return room;

  Entry& entry = services_[spec.key];
  auto next = std::make_shared<Service>();
  next->id = {next_service_++};
  next->key = spec.key;
  set_fields(*next, spec);
  for (const ServerSpec& server : spec.servers)
    next->servers.push_back(admit(entry, next->id, spec.key, server).value());
  std::reverse(next->servers.begin(), next->servers.end());
  begin_life(*next, crew_.size(), &sched::Scheduler::added);
  put_and_announce(entry, std::move(next));
  return {};
}

base::Result<void> Director::carry_out(const EditService& command) {
  const auto found = entry_of(command.key);
  if (!found) return found.error();
  Entry& entry = **found;
  ServiceSpec spec = spec_of(*entry.version);
  spec.name = command.name.value_or(spec.name);
  if (command.scheduler && *command.scheduler != spec.scheduler) spec.scheduler_flags = {};
  spec.scheduler = command.scheduler.value_or(spec.scheduler);
  spec.scheduler_flags = command.scheduler_flags.value_or(spec.scheduler_flags);
  spec.forwarding = command.forwarding.value_or(spec.forwarding);
  spec.persistence = command.persistence.value_or(spec.persistence);
  if (spec.persistence == 0) spec.persistence_prefix = 0;
  spec.persistence_prefix = command.persistence_prefix.value_or(spec.persistence_prefix);
  spec.one_packet = command.one_packet.value_or(spec.one_packet);
  if (auto checked = first_of(service::check(spec, sched::is_known)); !checked) return checked;

  auto next = std::make_shared<Service>(*entry.version);
  set_fields(*next, spec);
  const bool has_new_scheduler = next->scheduler != entry.version->scheduler;
  if (has_new_scheduler) {
    begin_life(*next, crew_.size(), &sched::Scheduler::chosen);
    next->table = next->scheduler->table(*next);
  }
  Version before = put(entry, std::move(next));
  // Else the scheduler has nothing to hear of: as in the kernel, it keeps its place in the list (ip_vs_edit_service).
  if (has_new_scheduler) crew_.post({.before = before.get(), .after = entry.version.get()});
  discard(std::move(before));
  return {};
}

base::Result<void> Director::carry_out(const DeleteService& command) {
  const auto found = services_.find(command.key);
  if (found == services_.end()) return base::Error{"there is no service " + service::to_string(command.key)};
  const auto& servers = found->second.version->servers;
  for (const Server& server : servers) servers_.remove(server.id);
  table_.remove(command.key);
  crew_.post({.before = found->second.version.get(), .takes_servers_away = !servers.empty()});
  discard(std::move(found->second.version));
  services_.erase(found);
  return {};
}

base::Result<void> Director::carry_out(const AddServer& command) {
  const auto found = entry_of(command.service);
  if (!found) return found.error();
  Entry& entry = **found;
  const ServerSpec spec{.address = command.address,
                        .port = command.port,
                        .weight = command.weight,
                        .forwarding = command.forwarding.value_or(entry.version->forwarding),
                        .upper_threshold = command.upper_threshold,
                        .lower_threshold = command.lower_threshold};
  if (auto checked = first_of(service::check_server(spec_of(*entry.version), spec)); !checked) return checked;
  const auto& servers = entry.version->servers;
  if (find_server(servers, spec.address, spec.port) != servers.end())
    return base::Error{"server " + net::to_string(spec.address, spec.port) + " already exists in service " +
                       service::to_string(command.service)};
  const auto server = admit(entry, entry.version->id, command.service, spec);
  if (!server) return server.error();
  auto next = std::make_shared<Service>(*entry.version);
  next->servers.insert(next->servers.begin(), *server);
  put_and_announce(entry, std::move(next));
  return {};
}

base::Result<void> Director::carry_out(const EditServer& command) {
  const auto found = entry_of(command.service);
  if (!found) return found.error();
  Entry& entry = **found;
  auto next = std::make_shared<Service>(*entry.version);
  const auto server = find_server(next->servers, command.address, command.port);
  if (server == next->servers.end()) return no_such_server(command.service, command.address, command.port);
  server->set_weight(command.weight.value_or(server->weight));
  server->forwarding = command.forwarding.value_or(server->forwarding);
  server->upper_threshold = command.upper_threshold.value_or(server->upper_threshold);
  server->lower_threshold = command.lower_threshold.value_or(server->lower_threshold);
  const ServerSpec spec{.address = server->address,
                        .port = server->port,
                        .weight = server->weight,
                        .forwarding = server->forwarding,
                        .upper_threshold = server->upper_threshold,
                        .lower_threshold = server->lower_threshold};
  if (auto checked = first_of(service::check_server(spec_of(*next), spec)); !checked) return checked;
  servers_.edit(server->id, spec);
  put_and_announce(entry, std::move(next));
  return {};
}

base::Result<void> Director::carry_out(const DeleteServer& command) {
  const auto found = entry_of(command.service);
  if (!found) return found.error();
  Entry& entry = **found;
  auto next = std::make_shared<Service>(*entry.version);
  const auto server = find_server(next->servers, command.address, command.port);
  if (server == next->servers.end()) return no_such_server(command.service, command.address, command.port);
  dismiss(entry, *server);
  next->servers.erase(server);
  constexpr bool takes_servers_away = true;
  put_and_announce(entry, std::move(next), takes_servers_away);
  return {};
}

void Director::set_to_zero(Entry& entry) {
  for (const Server& server : entry.version->servers) servers_.set_to_zero(server.id);
  entry.meter.set_to_zero(counted(entry));
}

base::Result<void> Director::carry_out(const ZeroStatistics& command) {
  if (command.service) {
    const auto found = entry_of(*command.service);
    if (!found) return found.error();
    set_to_zero(**found);
    return {};
  }
  for (auto& [key, entry] : services_) set_to_zero(entry);
  total_.set_to_zero(servers_.total());
  return {};
}

/// Of rules and settings. settle() waits until no worker goes by the old ones.
template <class Values>
void Director::put(Values values) {
  table_.put(std::move(values));
  crew_.post({});
  discard({});
}

base::Result<void> Director::carry_out(const AddMark& command) {
  if (auto checked = first_of(service::check(command.rule)); !checked) return checked;
  std::vector<service::MarkRule> rules = table_.mark_rules().rules();
  if (std::find(rules.begin(), rules.end(), command.rule) != rules.end())
    return base::Error{"the rule " + service::to_string(command.rule) + " already exists"};
  if (rules.size() == service::most_mark_rules)
    return base::Error{"there are " + std::to_string(rules.size()) + " rules for marks already, and may be no more"};
  const std::size_t position = command.position.value_or(static_cast<std::uint32_t>(rules.size() + 1));
  if (position == 0 || position > rules.size() + 1)
    return base::Error{"position " + std::to_string(position) + " is out of range 1.." +
                       std::to_string(rules.size() + 1)};
  rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(position - 1), command.rule);
  put(service::MarkRules(std::move(rules)));
  return {};
}

base::Result<void> Director::carry_out(const DeleteMark& command) {
  std::vector<service::MarkRule> rules = table_.mark_rules().rules();
  const auto gone = std::erase_if(rules, [&](const auto& rule) { return is_like(rule, command.like); });
  if (gone == 0) return base::Error{"there is no rule " + service::to_string(command.like)};
  put(service::MarkRules(std::move(rules)));
  return {};
}

base::Result<void> Director::carry_out(const EditSettings& command) {
  service::Settings next = table_.settings();
  for (const auto& [setting, value] : command.changes) {
    if (auto checked = service::check(*setting, value); !checked) return checked;
    next.*setting->field = value;
  }
  put(next);
  return {};
}

std::shared_ptr<const Service> Director::find(const service::ServiceKey& key) const {
  const auto found = services_.find(key);
  return found == services_.end() ? nullptr : found->second.version;
}

std::vector<std::shared_ptr<const Service>> Director::services() const {
  std::vector<Version> all;
  all.reserve(services_.size());
  for (const auto& [key, entry] : services_) all.push_back(entry.version);
  std::sort(all.begin(), all.end(), [](const Version& a, const Version& b) { return a->id < b->id; });
  return all;
}

Statistics Director::counted(const Entry& entry) const {
  Statistics sum = entry.others;
  for (const Server& server : entry.version->servers) sum += servers_.counted(server.id);
  return sum;
}

Statistics Director::statistics(const service::ServiceKey& key) const {
  const auto found = services_.find(key);
  return found == services_.end() ? Statistics() : found->second.meter.since_zero(counted(found->second));
}

Rates Director::rates(const service::ServiceKey& key) const {
  const auto found = services_.find(key);
  return found == services_.end() ? Rates() : found->second.meter.rates();
}

void Director::tick_rates() {
  if (table_.settings().run_estimation == 0) return;
  servers_.tick_rates();
  for (auto& [key, entry] : services_) entry.meter.estimator().tick(counted(entry));
  total_.estimator().tick(servers_.total());
}

}  // namespace fairway::control
