// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/spec.hpp"

#include <set>
#include <utility>

namespace fairway::service {
namespace {

bool is_broadcast(const net::Address& address) { return address.is_v4() && address.v4().host() == 0xffffffffu; }

void check_duplicates(const ServiceSpec& spec, std::vector<Problem>& problems) {
  std::set<std::pair<net::Address, std::uint16_t>> seen;
  for (std::size_t i = 0; i < spec.servers.size(); ++i) {
    const ServerSpec& server = spec.servers[i];
    if (!seen.emplace(server.address, server.port.host()).second)
      problems.push_back(
          {i, "address", "server " + net::to_string(server.address, server.port) + " stands twice in this service"});
  }
}

void check_flags(const ServiceSpec& spec, std::vector<Problem>& problems) {
  for (const SchedulerFlagInfo& info : scheduler_flags)
    if (spec.scheduler_flags.has(info.flag) && info.scheduler != spec.scheduler)
      problems.push_back({std::nullopt, "scheduler_flags",
                          "scheduler " + spec.scheduler + " has no flag " + std::string(info.name) + ", it is " +
                              std::string(info.scheduler) + "'s"});
}

}  // namespace

std::string_view to_string(Forwarding forwarding) {
  switch (forwarding) {
    case Forwarding::nat: return "nat";
    case Forwarding::dr: return "dr";
    case Forwarding::tun: return "tun";
  }
  return "?";
}

std::optional<Forwarding> parse_forwarding(std::string_view text) {
  for (const auto forwarding : {Forwarding::nat, Forwarding::dr, Forwarding::tun})
    if (text == to_string(forwarding)) return forwarding;
  return std::nullopt;
}

std::string_view to_string(net::Protocol protocol) {
  switch (protocol) {
    case net::Protocol::tcp: return "tcp";
    case net::Protocol::udp: return "udp";
    default: return "?";
  }
}

std::optional<net::Protocol> parse_protocol(std::string_view text) {
  for (const auto protocol : {net::Protocol::tcp, net::Protocol::udp})
    if (text == to_string(protocol)) return protocol;
  return std::nullopt;
}

std::string to_string(const ServiceKey& key) {
  return std::string(to_string(key.protocol)) + " " + net::to_string(key.address, key.port);
}

std::vector<Problem> check_server(const ServiceSpec& service, const ServerSpec& server) {
  std::vector<Problem> problems;
  const auto blame = [&](std::string_view key, std::string message) {
    problems.push_back({std::nullopt, key, std::move(message)});
  };
  if (server.address.family != service.key.address.family)
    blame("address", "server " + net::to_string(server.address) + " and service " +
                         net::to_string(service.key.address) + " are of different address families");
  if (net::is_multicast(server.address) || net::is_unspecified(server.address) || is_broadcast(server.address))
    blame("address", net::to_string(server.address) + " is not a unicast address");
  if (server.port.host() == 0) blame("port", "port 0 is out of range 1..65535");
  if (server.weight > ServerSpec::largest_weight)
    blame("weight", "weight " + std::to_string(server.weight) + " is out of range 0..65535");
  // The packet's service port is not rewritten by these methods, so the server must listen where the service does.
  if (server.forwarding != Forwarding::nat && server.port != service.key.port)
    blame("port", "a " + std::string(to_string(server.forwarding)) + " server has its service's port " +
                      std::to_string(service.key.port.host()) + ", not " + std::to_string(server.port.host()));
  return problems;
}

std::vector<Problem> check(const ServiceSpec& spec, bool (*known_scheduler)(std::string_view)) {
  std::vector<Problem> problems;
  if (net::is_unspecified(spec.key.address) || is_broadcast(spec.key.address))
    problems.push_back({std::nullopt, "address", net::to_string(spec.key.address) + " cannot be a virtual address"});
  if (spec.key.port.host() == 0) problems.push_back({std::nullopt, "port", "port 0 is out of range 1..65535"});
  if (!known_scheduler(spec.scheduler))
    problems.push_back({std::nullopt, "scheduler", "there is no scheduler named '" + spec.scheduler + "'"});
  else
    check_flags(spec, problems);
  for (std::size_t i = 0; i < spec.servers.size(); ++i)
    for (Problem& problem : check_server(spec, spec.servers[i])) {
      problem.server = i;
      problems.push_back(std::move(problem));
    }
  check_duplicates(spec, problems);
  return problems;
}

}  // namespace fairway::service
