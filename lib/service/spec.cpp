// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/spec.hpp"

#include <bit>
#include <charconv>
#include <set>
#include <utility>

namespace fairway::service {
namespace {

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

/// What the service is known by, before anything else is said of it.
void check_key(const ServiceSpec& spec, std::vector<Problem>& problems) {
  const ServiceKey& key = spec.key;
  if (key.is_mark()) {
    if (key != mark_key(key.mark, key.address.family))
      problems.push_back({std::nullopt, "mark", "a service by mark has no protocol, address or port"});
    return;
  }
  if (net::is_unspecified(key.address) || net::is_broadcast(key.address))
    problems.push_back({std::nullopt, "address", net::to_string(key.address) + " cannot be a virtual address"});
  if (key.port.host() == 0 && spec.persistence == 0)
    problems.push_back({std::nullopt, "port", "port 0, which is every port, is for persistent services only"});
}

void check_persistence(const ServiceSpec& spec, std::vector<Problem>& problems) {
  if (spec.persistence_prefix == 0) return;
  const auto blame = [&](std::string message) {
    problems.push_back({std::nullopt, "persistence_netmask", std::move(message)});
  };
  const unsigned longest = whole_prefix(spec.key.address.family);
  const std::string given = "persistence netmask /" + std::to_string(spec.persistence_prefix);
  if (spec.persistence_prefix > longest) blame(given + " is out of range /1../" + std::to_string(longest));
  if (spec.persistence == 0) blame(given + " is for persistent services only");
}

}  // namespace

ServiceKey mark_key(std::uint32_t mark, net::Family family) {
  return {.address = net::Address(family, {}), .port = {}, .mark = mark};  // TCP, as in the kernel
}

std::optional<std::uint8_t> parse_netmask(std::string_view text) {
  if (const auto mask = net::parse_address(text)) {
    const std::uint32_t bits = mask->is_v4() ? mask->v4().host() : 0;
    if (bits == 0 || (~bits & (~bits + 1)) != 0) return std::nullopt;
    return static_cast<std::uint8_t>(std::popcount(bits));
  }
  if (text.starts_with('/')) text.remove_prefix(1);
  std::uint8_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size() || length == 0 || length > 128) return std::nullopt;
  return length;
}

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
  if (key.is_mark()) return "mark " + std::to_string(key.mark) + (key.address.is_v4() ? "" : " ipv6");
  return std::string(to_string(key.protocol)) + " " + net::to_string(key.address, key.port);
}

std::vector<Problem> check_server(const ServiceSpec& service, const ServerSpec& server) {
  std::vector<Problem> problems;
  const auto blame = [&](std::string_view key, std::string message) {
    problems.push_back({std::nullopt, key, std::move(message)});
  };
  const ServiceKey& key = service.key;
  if (server.address.family != key.address.family)
    blame("address", "server " + net::to_string(server.address) + " and service " +
                         (key.is_mark() ? to_string(key) : net::to_string(key.address)) +
                         " are of different address families");
  if (net::is_multicast(server.address) || net::is_unspecified(server.address) || net::is_broadcast(server.address))
    blame("address", net::to_string(server.address) + " is not a unicast address");
  // Where packets come to many ports, they keep theirs.
  if (server.port.host() == 0 && key.port.host() != 0) blame("port", "port 0 is out of range 1..65535");
  if (server.weight > ServerSpec::largest_weight)
    blame("weight", "weight " + std::to_string(server.weight) + " is out of range 0..2147483647");
  if (server.last_weight > ServerSpec::largest_weight)
    blame("last_weight", "last weight " + std::to_string(server.last_weight) + " is out of range 0..2147483647");
  if (server.last_weight > 0 && server.weight > 0)
    blame("last_weight", "last weight " + std::to_string(server.last_weight) + " is for servers of weight 0, not " +
                             std::to_string(server.weight));
  // The packet's service port is not rewritten by these methods, so the server must listen where the service does.
  if (server.forwarding != Forwarding::nat && server.port != key.port && !key.is_mark())
    blame("port", "a " + std::string(to_string(server.forwarding)) + " server has its service's port " +
                      std::to_string(key.port.host()) + ", not " + std::to_string(server.port.host()));
  if (server.lower_threshold > server.upper_threshold)
    blame("lower_threshold", "lower threshold " + std::to_string(server.lower_threshold) +
                                 " is above upper threshold " + std::to_string(server.upper_threshold));
  return problems;
}

std::vector<Problem> check(const ServiceSpec& spec, bool (*known_scheduler)(std::string_view)) {
  std::vector<Problem> problems;
  check_key(spec, problems);
  if (!known_scheduler(spec.scheduler))
    problems.push_back({std::nullopt, "scheduler", "there is no scheduler named '" + spec.scheduler + "'"});
  else
    check_flags(spec, problems);
  check_persistence(spec, problems);
  if (spec.one_packet && !spec.key.is_mark() && spec.key.protocol != net::Protocol::udp)
    problems.push_back(
        {std::nullopt, "one_packet",
         "one-packet scheduling is for UDP services and services by mark, not for " + to_string(spec.key)});
  for (std::size_t i = 0; i < spec.servers.size(); ++i)
    for (Problem& problem : check_server(spec, spec.servers[i])) {
      problem.server = i;
      problems.push_back(std::move(problem));
    }
  check_duplicates(spec, problems);
  return problems;
}

}  // namespace fairway::service
