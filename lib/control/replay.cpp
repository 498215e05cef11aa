// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/replay.hpp"

#include <algorithm>
#include <utility>

#include "control/revise.hpp"
#include "sched/registry.hpp"
#include "service/table.hpp"

namespace fairway::control {
namespace {

auto find_server(service::ServiceSpec& spec, const net::Address& address, net::ServicePort port) {
  return std::find_if(spec.servers.begin(), spec.servers.end(),
                      [&](const auto& server) { return server.address == address && server.port == port; });
}

template <class Value, class Command>
base::Result<void> revise(Value& value, const Command& command) {
  auto next = revised(value, command);
  if (!next) return next.error();
  value = std::move(*next);
  return {};
}

}  // namespace

std::size_t ServiceKeyHash::operator()(const service::ServiceKey& key) const noexcept {
  return service::endpoint_of(key).hash();
}

base::Result<void> Replay::apply(const Command& command) {
  return std::visit([this](const auto& one) { return carry_out(one); }, command);
}

Inventory Replay::take() {
  for (auto& spec : services_)
    if (spec) made_.services.push_back(std::move(*spec));
  services_.clear();
  places_.clear();
  return std::exchange(made_, {});
}

service::ServiceSpec* Replay::find(const service::ServiceKey& key) {
  const auto place = places_.find(key);
  return place == places_.end() ? nullptr : &*services_[place->second];
}

base::Result<void> Replay::carry_out(const AddService& command) {
  if (auto checked = first_of(service::check(command.spec, sched::is_known)); !checked) return checked;
  if (!places_.emplace(command.spec.key, services_.size()).second) return service_exists(command.spec.key);
  normalize(*services_.emplace_back(command.spec));
  return {};
}

base::Result<void> Replay::carry_out(const EditService& command) {
  Spec* spec = find(command.key);
  if (!spec) return no_such_service(command.key);
  Spec next = *spec;
  next.servers.clear();
  next = revised(std::move(next), command);
  if (auto checked = first_of(service::check(next, sched::is_known)); !checked) return checked;
  normalize(next);
  next.servers = std::move(spec->servers);
  *spec = std::move(next);
  return {};
}

base::Result<void> Replay::carry_out(const DeleteService& command) {
  const auto place = places_.find(command.key);
  if (place == places_.end()) return no_such_service(command.key);
  services_[place->second].reset();
  places_.erase(place);
  return {};
}

base::Result<void> Replay::carry_out(const AddServer& command) {
  Spec* spec = find(command.service);
  if (!spec) return no_such_service(command.service);
  const service::ServerSpec server = spec_of(command, spec->forwarding);
  if (auto checked = first_of(service::check_server(*spec, server)); !checked) return checked;
  if (find_server(*spec, command.address, command.port) != spec->servers.end())
    return server_exists(command.service, command.address, command.port);
  spec->servers.push_back(server);
  return {};
}

base::Result<void> Replay::carry_out(const EditServer& command) {
  Spec* spec = find(command.service);
  if (!spec) return no_such_service(command.service);
  const auto server = find_server(*spec, command.address, command.port);
  if (server == spec->servers.end()) return no_such_server(command.service, command.address, command.port);
  const service::ServerSpec next = revised(*server, command);
  if (auto checked = first_of(service::check_server(*spec, next)); !checked) return checked;
  *server = next;
  return {};
}

base::Result<void> Replay::carry_out(const DeleteServer& command) {
  Spec* spec = find(command.service);
  if (!spec) return no_such_service(command.service);
  const auto server = find_server(*spec, command.address, command.port);
  if (server == spec->servers.end()) return no_such_server(command.service, command.address, command.port);
  spec->servers.erase(server);
  return {};
}

base::Result<void> Replay::carry_out(const ZeroStatistics&) { return {}; }
base::Result<void> Replay::carry_out(const AddMark& command) { return revise(made_.marks, command); }
base::Result<void> Replay::carry_out(const DeleteMark& command) { return revise(made_.marks, command); }
base::Result<void> Replay::carry_out(const EditSettings& command) { return revise(made_.settings, command); }
base::Result<void> Replay::carry_out(const StartSyncDaemon& command) { return revise(made_.sync_daemons, command); }
base::Result<void> Replay::carry_out(const StopSyncDaemon& command) { return revise(made_.sync_daemons, command); }

}  // namespace fairway::control
