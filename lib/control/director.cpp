// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/director.hpp"

#include <algorithm>

#include "control/revise.hpp"
#include "control/specs.hpp"
#include "sched/registry.hpp"

namespace fairway::control {
namespace {

/// In a long batch, old versions are freed after this many changes: the workers have seen them long before its end.
constexpr std::uint32_t changes_between_collections = 256;

using service::Server;
using service::ServerSpec;
using service::Service;
using service::ServiceSpec;

void set_fields(Service& service, const ServiceSpec& spec) {
  service.name = spec.name;
  service.scheduler = sched::find(spec.scheduler);
  service.scheduler_flags = spec.scheduler_flags;
  service.forwarding = spec.forwarding;
  service.persistence = spec.persistence;
  service.persistence_prefix = spec.persistence_prefix;
  service.one_packet = spec.one_packet;
}

void set_fields(Server& server, const ServerSpec& spec) {
  server.weight = spec.weight;
  server.last_weight = spec.latest_weight();
  server.forwarding = spec.forwarding;
  server.upper_threshold = spec.upper_threshold;
  server.lower_threshold = spec.lower_threshold;
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

void retire(void* crew, std::shared_ptr<const void> garbage) {
  static_cast<worker::Crew*>(crew)->retire(std::move(garbage));
}

}  // namespace

Director::Director(worker::Crew& crew, NeighbourKeeper& neighbours)
    : crew_(crew), table_(retire, &crew), servers_(crew, table_, neighbours) {}

base::Result<void> Director::apply(const Command& command) {
  if (!journal_) return carry_out_one(command);
  if (auto checked = check_journal(); !checked) return checked;
  auto done = carry_out_one(command);
  if (done && !std::holds_alternative<ZeroStatistics>(command)) journal_->note(command);
  return done;
}

base::Result<void> Director::carry_out_one(const Command& command) {
  return std::visit([this](const auto& one) { return carry_out(one); }, command);
}

base::Result<void> Director::commit() {
  settle();
  if (!journal_) return {};
  if (auto kept = journal_->commit(); !kept) return undo(kept.error());
  return {};
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
  if (found == services_.end()) return no_such_service(key);
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
  Server server{.id = *id, .address = spec.address, .port = spec.port};
  set_fields(server, spec);
  return server;
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
  ServiceSpec spec = command.spec;
  if (auto checked = first_of(service::check(spec, sched::is_known)); !checked) return checked;
  normalize(spec);
  if (services_.contains(spec.key)) return service_exists(spec.key);
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
  ServiceSpec spec = revised(spec_of(*entry.version), command);
  if (auto checked = first_of(service::check(spec, sched::is_known)); !checked) return checked;
  normalize(spec);

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
  if (found == services_.end()) return no_such_service(command.key);
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
  const ServerSpec spec = spec_of(command, entry.version->forwarding);
  if (auto checked = first_of(service::check_server(spec_of(*entry.version), spec)); !checked) return checked;
  const auto& servers = entry.version->servers;
  if (find_server(servers, spec.address, spec.port) != servers.end())
    return server_exists(command.service, spec.address, spec.port);
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
  const ServerSpec spec = revised(spec_of(*server), command);
  if (auto checked = first_of(service::check_server(spec_of(*next), spec)); !checked) return checked;
  set_fields(*server, spec);
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

template <class MarkCommand>
base::Result<void> Director::put_revised_marks(const MarkCommand& command) {
  auto rules = revised(table_.mark_rules().rules(), command);
  if (!rules) return rules.error();
  put(service::MarkRules(std::move(*rules)));
  return {};
}

base::Result<void> Director::carry_out(const AddMark& command) { return put_revised_marks(command); }
base::Result<void> Director::carry_out(const DeleteMark& command) { return put_revised_marks(command); }

base::Result<void> Director::carry_out(const EditSettings& command) {
  const auto next = revised(table_.settings(), command);
  if (!next) return next.error();
  put(*next);
  return {};
}

template <class DaemonCommand>
base::Result<void> Director::put_revised_daemons(const DaemonCommand& command) {
  auto next = revised(sync_daemons_, command);
  if (!next) return next.error();
  sync_daemons_ = std::move(*next);
  return {};
}

base::Result<void> Director::carry_out(const StartSyncDaemon& command) { return put_revised_daemons(command); }
base::Result<void> Director::carry_out(const StopSyncDaemon& command) { return put_revised_daemons(command); }

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
