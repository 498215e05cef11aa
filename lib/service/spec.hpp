// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/address.hpp"
#include "net/headers.hpp"
#include "service/scheduler_flags.hpp"

/// Virtual services and real servers as somebody asks for them: in YAML, by fairwayctl, by ipvsadm.
namespace fairway::service {

/// How a packet reaches its real server: rewritten (NAT), by MAC address only (DR), or in IPIP (TUN).
enum class Forwarding : std::uint8_t { nat, dr, tun };

std::string_view to_string(Forwarding forwarding);
std::optional<Forwarding> parse_forwarding(std::string_view text);

std::string_view to_string(net::Protocol protocol);                  // "tcp", "udp"; "?" for another
std::optional<net::Protocol> parse_protocol(std::string_view text);  // of services: tcp and udp

/// What names a service: protocol, virtual address (VIP), service port.
struct ServiceKey {
  net::Protocol protocol = net::Protocol::tcp;
  net::Address address;
  net::ServicePort port;

  bool operator==(const ServiceKey&) const = default;
};

/// "tcp 192.168.4.15:80".
std::string to_string(const ServiceKey& key);

struct ServerSpec {
  static constexpr std::int64_t largest_weight = 65535;

  net::Address address;
  net::ServicePort port;
  std::uint32_t weight = 1;  // 0: takes no new connections, keeps its old ones
  Forwarding forwarding = Forwarding::nat;

  bool operator==(const ServerSpec&) const = default;
};

struct ServiceSpec {
  std::string name;
  ServiceKey key;
  std::string scheduler = "wlc";
  SchedulerFlags scheduler_flags{};
  Forwarding forwarding = Forwarding::nat;  // of servers that say nothing else
  std::uint32_t persistence = 0;            // seconds; 0: none
  std::vector<ServerSpec> servers;          // in the order in which they were added
};

/// One rule that a specification breaks. `server` is the index of the offending server, if one is to blame; `key` is the
/// YAML key of the offending value.
struct Problem {
  std::optional<std::size_t> server;
  std::string_view key;
  std::string message;
};

/// Every rule that a service with its servers breaks; empty if it is sound. Used by every door: `known_scheduler` tells
/// whether a scheduler's name is in the registry (which lies above this room).
std::vector<Problem> check(const ServiceSpec& spec, bool (*known_scheduler)(std::string_view));

/// The rules for one server in its service, `servers` being those beside it.
std::vector<Problem> check_server(const ServiceSpec& service, const ServerSpec& server);

}  // namespace fairway::service
