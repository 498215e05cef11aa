// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <set>

#include "config/rules.hpp"

namespace fairway::config {
namespace {

using Servers = std::vector<const Placed<service::ServerSpec>*>;

void claim_names(const Placed<ServiceDraft>& placed, Claims& claims, Problems& problems) {
  const service::ServiceSpec& spec = placed.value.spec;
  if (!spec.name.empty()) claims.claim("the service name '" + spec.name + "'", placed.mark_of("name"), problems);
  if (placed.is_read("address") && placed.is_read("port") && placed.is_read("protocol"))
    claims.claim("the service " + service::to_string(spec.key), placed.mark_of("address"), problems);
}

/// The servers that rules can say something about. If the service's own address could not be read, a server's stands in for
/// it, as it is the family alone that matters to them.
Servers sound_servers(const Placed<ServiceDraft>& placed, service::ServiceSpec& spec) {
  Servers servers;
  bool has_address = placed.is_read("address");
  for (const auto& server : placed.value.servers) {
    if (!server.is_read("address") || !server.is_read("port")) continue;
    if (!has_address) spec.key.address = server.value.address;
    const bool is_comparable = placed.is_read("address") || server.value.address.family == spec.key.address.family;
    has_address = true;
    if (!is_comparable) continue;
    servers.push_back(&server);
    spec.servers.push_back(server.value);
  }
  return servers;
}

/// The rules of every door, at the places of this one.
void check_spec(const Placed<ServiceDraft>& placed, KnownScheduler known_scheduler, Problems& problems) {
  service::ServiceSpec spec = placed.value.spec;
  const Servers servers = sound_servers(placed, spec);
  for (service::Problem& problem : service::check(spec, known_scheduler)) {
    const bool depends_on_port = problem.server.has_value() && problem.key == "port";  // on the service's
    if (depends_on_port ? !placed.is_read("port") : !problem.server && !placed.is_read(problem.key)) continue;
    const Mark mark = problem.server ? servers[*problem.server]->mark_of(problem.key) : placed.mark_of(problem.key);
    problems.add(mark, std::string(problem.key) + ": " + problem.message);
  }
}

void refuse_what_is_not_built(const Placed<ServiceDraft>& placed, Problems& problems) {
  if (!placed.value.spec.key.address.is_v4())
    problems.add(placed.mark_of("address"), "address: IPv6 services are not built yet");
}

}  // namespace

void check_services(const Draft& draft, KnownScheduler known_scheduler, Problems& problems) {
  Claims claims;
  for (const Placed<ServiceDraft>& placed : draft.services) {
    claim_names(placed, claims, problems);
    check_spec(placed, known_scheduler, problems);
    refuse_what_is_not_built(placed, problems);
  }
}

void find_doubts(const Draft& draft, Problems& warnings) {
  std::set<net::Address> present;
  for (const Placed<PortDraft>& placed : draft.ports)
    for (const net::Prefix& prefix : placed.value.port.addresses) present.insert(prefix.address);
  for (const Placed<ServiceDraft>& placed : draft.services) {
    const net::Address& address = placed.value.spec.key.address;
    if (present.insert(address).second)
      warnings.add(placed.mark_of("address"), "address: no port has " + net::to_string(address) +
                                                  " among its addresses; somebody else, as keepalived, has to add it");
  }
}

}  // namespace fairway::config
