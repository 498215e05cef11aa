// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <set>

#include "config/rules.hpp"

namespace fairway::config {
namespace {

using Servers = std::vector<const Placed<service::ServerSpec>*>;

bool is_by_mark(const Placed<ServiceDraft>& placed) { return placed.has("mark"); }

/// Whether there is a value to say something about: of a service by mark all of its key is known with the mark.
bool is_known(const Placed<ServiceDraft>& placed, std::string_view key) {
  if (key != "address" && key != "port" && key != "protocol") return placed.is_read(key);
  if (is_by_mark(placed)) return placed.is_read("mark");
  return placed.is_read(key) && (key == "protocol" || placed.has(key));
}

/// Either an address and a port, or a mark.
void check_key(const Placed<ServiceDraft>& placed, Problems& problems) {
  for (const char* key : {"address", "port", "protocol"}) {
    if (is_by_mark(placed) && placed.has(key))
      problems.add(placed.mark_of(key), std::string(key) + ": a service by mark has none");
    if (!is_by_mark(placed) && !placed.has(key) && key != std::string_view("protocol"))
      problems.add(placed.node->mark, "this service has no '" + std::string(key) + "'");
  }
}

void claim_names(const Placed<ServiceDraft>& placed, Claims& claims, Problems& problems) {
  const service::ServiceSpec& spec = placed.value.spec;
  if (!spec.name.empty()) claims.claim("the service name '" + spec.name + "'", placed.mark_of("name"), problems);
  if (is_known(placed, "address") && is_known(placed, "port") && is_known(placed, "protocol"))
    claims.claim("the service " + service::to_string(spec.key), placed.mark_of(is_by_mark(placed) ? "mark" : "address"),
                 problems);
}

/// The servers that rules can say something about. If the service's own address could not be read, a server's stands in for
/// it, as it is the family alone that matters to them.
Servers sound_servers(const Placed<ServiceDraft>& placed, service::ServiceSpec& spec) {
  Servers servers;
  bool has_address = is_known(placed, "address");
  for (const auto& server : placed.value.servers) {
    if (!server.is_read("address") || !server.is_read("port")) continue;
    if (!has_address) spec.key.address = server.value.address;
    const bool is_comparable = is_known(placed, "address") || server.value.address.family == spec.key.address.family;
    has_address = true;
    if (!is_comparable) continue;
    servers.push_back(&server);
    spec.servers.push_back(server.value);
  }
  return servers;
}

/// Of a rule about `key`: the other key that it goes by too, if any.
std::string_view other_key(std::string_view key) {
  if (key == "port" || key == "persistence_netmask") return "persistence";
  if (key == "one_packet") return "protocol";
  return key;
}

/// False if a problem says nothing, as something that it goes by could not be read.
bool has_ground(const service::Problem& problem, const Placed<ServiceDraft>& service,
                const Placed<service::ServerSpec>* server) {
  if (!server) return is_known(service, problem.key) && is_known(service, other_key(problem.key));
  if (problem.key == "port") return is_known(service, "port");
  return problem.key != "lower_threshold" || server->is_read("upper_threshold");
}

/// The rules of every door, at the places of this one.
void check_spec(const Placed<ServiceDraft>& placed, KnownScheduler known_scheduler, Problems& problems) {
  service::ServiceSpec spec = placed.value.spec;
  const Servers servers = sound_servers(placed, spec);
  for (service::Problem& problem : service::check(spec, known_scheduler)) {
    const auto* server = problem.server ? servers[*problem.server] : nullptr;
    if (!has_ground(problem, placed, server)) continue;
    const Mark mark = server ? server->mark_of(problem.key) : placed.mark_of(problem.key);
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
    check_key(placed, problems);
    claim_names(placed, claims, problems);
    check_spec(placed, known_scheduler, problems);
    refuse_what_is_not_built(placed, problems);
  }
}

namespace {

void find_missing_addresses(const Draft& draft, Problems& warnings) {
  std::set<net::Address> present;
  for (const Placed<PortDraft>& placed : draft.ports)
    for (const net::Prefix& prefix : placed.value.port.addresses) present.insert(prefix.address);
  for (const Placed<ServiceDraft>& placed : draft.services) {
    const service::ServiceKey& key = placed.value.spec.key;
    if (!key.is_mark() && present.insert(key.address).second)
      warnings.add(placed.mark_of("address"), "address: no port has " + net::to_string(key.address) +
                                                  " among its addresses; somebody else, as keepalived, has to add it");
  }
}

void find_lonely_marks(const Draft& draft, Problems& warnings) {
  std::set<std::uint32_t> given, served;
  for (const auto& placed : draft.marks) given.insert(placed.value.mark);
  for (const auto& placed : draft.services) served.insert(placed.value.spec.key.mark);
  for (const auto& placed : draft.services)
    if (const std::uint32_t mark = placed.value.spec.key.mark; mark != 0 && !given.contains(mark))
      warnings.add(placed.mark_of("mark"), "mark: no rule under marks gives mark " + std::to_string(mark));
  for (const auto& placed : draft.marks)
    if (!served.contains(placed.value.mark))
      warnings.add(placed.mark_of("mark"), "mark: there is no service of mark " + std::to_string(placed.value.mark));
}

}  // namespace

void find_doubts(const Draft& draft, Problems& warnings) {
  find_missing_addresses(draft, warnings);
  find_lonely_marks(draft, warnings);
}

}  // namespace fairway::config
