// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "net/tuple.hpp"
#include "service/spec.hpp"

namespace fairway::bench {

/// The addresses of a run, by number. Flow i comes from a client of its own and goes to service i modulo their number.
struct Plan {
  service::Forwarding forwarding = service::Forwarding::nat;
  std::uint32_t flows = 0;
  std::uint32_t services = 1;
  std::uint32_t servers = 4;  // of each service
  std::string scheduler = "rr";
  std::uint32_t weight = 0;  // of every fourth server, the others having two to four times it; 0: all have 1
  std::uint32_t places = 0;  // of the connection tables together; 0: an eighth more than the flows
  unsigned workers = 1;

  static constexpr std::uint32_t most_services = 1u << 17;
  static constexpr std::uint32_t most_servers = 1u << 20;  // of all services

  std::uint32_t service_of(std::uint32_t flow) const { return flow % services; }
  std::uint32_t weight_of(std::uint32_t server) const { return weight == 0 ? 1 : weight * (1 + server % 4); }
  std::uint32_t server_count() const { return services * servers; }
  /// Of all services' servers: they have the same ones again where there are more than a network may hold.
  std::uint32_t address_count() const { return std::min(server_count(), std::max(servers, 4096u)); }
  std::uint32_t address_of(std::uint32_t service, std::uint32_t server) const {
    return (service * servers + server) % address_count();
  }
  std::uint32_t table_places() const { return places != 0 ? places : flows + flows / 8 + 64; }
};

constexpr net::ServicePort service_port{std::uint16_t{80}};

/// 198.18.0.0/15 (RFC 2544's addresses for benchmarks).
net::Ipv4Address virtual_address(std::uint32_t service);
/// 172.16.0.0/12, by Plan::address_of.
net::Ipv4Address server_address(std::uint32_t server);
std::uint32_t server_number(net::Ipv4Address address);
/// Client → service.
net::Tuple4 client_tuple(const Plan& plan, std::uint32_t flow);
/// Server → client, of a NAT connection to the `server`th address.
net::Tuple4 reply_tuple(const Plan& plan, std::uint32_t flow, std::uint32_t server);

}  // namespace fairway::bench
