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

/// What names a service: protocol, virtual address (VIP), service port; or a mark alone (and the family of the address,
/// which is unspecified then), for packets that the mark rules gather (`ipvsadm -f`).
struct ServiceKey {
  net::Protocol protocol = net::Protocol::tcp;
  net::Address address;
  net::ServicePort port;  // 0: every port of the address that is no service of its own; persistent services only
  std::uint32_t mark = 0;

  bool is_mark() const { return mark != 0; }

  bool operator==(const ServiceKey&) const = default;
};

/// The key of a service by mark, of clients of this family.
ServiceKey mark_key(std::uint32_t mark, net::Family family = net::Family::ipv4);

/// "tcp 192.168.4.15:80", "mark 7", "mark 7 ipv6".
std::string to_string(const ServiceKey& key);

struct ServerSpec {
  static constexpr std::int64_t largest_weight = 2'147'483'647;

  net::Address address;
  net::ServicePort port;     // 0: the packet's own; of services by mark and of port 0 only
  std::uint32_t weight = 1;  // 0: takes no new connections, keeps its old ones
  Forwarding forwarding = Forwarding::nat;
  std::uint32_t upper_threshold = 0;  // connections from which on it is overloaded; 0: none (`ipvsadm -x`)
  std::uint32_t lower_threshold = 0;  // below which it no longer is; 0: three quarters of the upper one (`-y`)
  /// Of a server of weight 0: its latest weight that was more; 0 if it never had one. Of others 0. The mh scheduler goes by
  /// it, so that a server that is quiesced does not move other servers' clients.
  std::uint32_t last_weight = 0;

  void set_weight(std::uint32_t value) {
    last_weight = value > 0 ? 0 : latest_weight();
    weight = value;
  }
  /// That was more than 0: the current one, if it is.
  std::uint32_t latest_weight() const { return weight > 0 ? weight : last_weight; }

  bool operator==(const ServerSpec&) const = default;
};

/// Bits of a whole address.
constexpr std::uint8_t whole_prefix(net::Family family) { return family == net::Family::ipv4 ? 32 : 128; }
/// A persistence netmask as people write it: "24", "/24" or "255.255.255.0" for IPv4, a prefix length for IPv6. Whether the
/// length fits the service's family, check() says.
std::optional<std::uint8_t> parse_netmask(std::string_view text);

struct ServiceSpec {
  std::string name;
  ServiceKey key;
  std::string scheduler = "wlc";
  SchedulerFlags scheduler_flags{};
  Forwarding forwarding = Forwarding::nat;  // of servers that say nothing else
  std::uint32_t persistence = 0;            // seconds; 0: none
  /// Clients whose addresses agree in this many leading bits share a server (`ipvsadm -M`). 0: all of them, that is 32 or
  /// 128.
  std::uint8_t persistence_prefix = 0;
  bool one_packet = false;          // each UDP packet is scheduled by itself (`ipvsadm -o`)
  std::vector<ServerSpec> servers;  // in the order in which they were added

  bool operator==(const ServiceSpec&) const = default;
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
