// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <string>

#include "control/director.hpp"
#include "control/ipvs/request.hpp"

/// Services and servers with the kernel's numbers: what its netlink family, its socket options and its /proc files show.
namespace fairway::control::ipvs {

struct ServiceRow {
  service::ServiceKey key;
  std::string scheduler{};
  std::uint32_t flags = 0;    // IP_VS_SVC_F_*
  std::uint32_t timeout = 0;  // seconds
  std::uint32_t netmask = 0;  // network byte order for IPv4, a prefix length for IPv6
  Statistics counted{};
  Rates rates{};
};

struct ServerRow {
  net::Address address;
  net::ServicePort port;
  std::uint32_t method = 0;  // IP_VS_CONN_F_*
  std::uint32_t weight = 0;
  std::uint32_t upper_threshold = 0, lower_threshold = 0;
  std::uint32_t active = 0, inactive = 0, persistent = 0;
  Statistics counted{};
  Rates rates{};
};

ServiceRow row_of(const Director& director, const service::Service& service);
ServerRow row_of(const Director& director, const service::Server& server);

/// "Masq", "Local", "Tunnel", "Route", as the kernel's files and ipvsadm say it.
std::string_view method_name(std::uint32_t method);

// --- and back ----------------------------------------------------------------------------------------------------------

/// The leading bits that count of a client's address, 0 for all of them; nothing if the mask has holes or none is set.
std::optional<std::uint8_t> prefix_of(net::Family family, std::uint32_t netmask);
std::uint32_t netmask_of(net::Family family, std::uint8_t prefix);

/// What bits of IP_VS_SVC_F_SCHED1 and following mean depends on the scheduler; those that mean nothing are left out.
service::SchedulerFlags scheduler_flags_of(std::string_view scheduler, std::uint32_t flags);
/// IP_VS_SVC_F_* of a service.
std::uint32_t flags_of(const service::Service& service);

std::uint32_t method_of(service::Forwarding forwarding);
/// LOCALNODE, which no client asks for by itself, is any method to an address of the director.
std::optional<service::Forwarding> forwarding_of(std::uint32_t method);

}  // namespace fairway::control::ipvs
