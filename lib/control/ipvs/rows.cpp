// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/rows.hpp"

#include <linux/ip_vs.h>

#include <bit>

#include "sched/scheduler.hpp"

namespace fairway::control::ipvs {
ServiceRow row_of(const Director& director, const service::Service& service) {
  return {.key = service.key,
          .scheduler = std::string(service.scheduler->name()),
          .flags = flags_of(service),
          .timeout = service.persistence,
          .netmask = netmask_of(service.key.address.family, service.persistence_prefix),
          .counted = director.statistics(service.key),
          .rates = director.rates(service.key)};
}

ServerRow row_of(const Director& director, const service::Server& server) {
  const Servers& servers = director.servers();
  const Connections connections = servers.connections(server.id);
  return {.address = server.address,
          .port = server.port,
          .method = method_of(server.forwarding),
          .weight = server.weight,
          .upper_threshold = server.upper_threshold,
          .lower_threshold = server.lower_threshold,
          .active = connections.active,
          .inactive = connections.inactive,
          .persistent = connections.persistent,
          .counted = servers.statistics(server.id),
          .rates = servers.rates(server.id)};
}

std::string_view method_name(std::uint32_t method) {
  switch (method) {
    case IP_VS_CONN_F_LOCALNODE: return "Local";
    case IP_VS_CONN_F_TUNNEL: return "Tunnel";
    case IP_VS_CONN_F_DROUTE: return "Route";
    default: return "Masq";
  }
}

std::optional<std::uint8_t> prefix_of(net::Family family, std::uint32_t netmask) {
  if (family == net::Family::ipv6) {
    if (netmask < 1 || netmask > 128) return std::nullopt;
    return static_cast<std::uint8_t>(netmask == 128 ? 0 : netmask);
  }
  const std::uint32_t mask = net::Big32::from_raw(netmask).host();
  const int ones = std::countl_one(mask);
  if (ones == 0 || std::popcount(mask) != ones) return std::nullopt;
  return static_cast<std::uint8_t>(ones == 32 ? 0 : ones);
}

std::uint32_t netmask_of(net::Family family, std::uint8_t prefix) {
  if (family == net::Family::ipv6) return prefix == 0 ? 128 : prefix;
  return net::Big32(prefix == 0 ? ~std::uint32_t{0} : ~std::uint32_t{0} << (32 - prefix)).raw();
}

service::SchedulerFlags scheduler_flags_of(std::string_view scheduler, std::uint32_t flags) {
  service::SchedulerFlags found;
  for (const auto& info : service::scheduler_flags)
    if (info.scheduler == scheduler && (flags & info.kernel_bit) != 0) found.add(info.flag);
  return found;
}

std::uint32_t flags_of(const service::Service& service) {
  std::uint32_t flags = IP_VS_SVC_F_HASHED;
  if (service.persistence > 0) flags |= IP_VS_SVC_F_PERSISTENT;
  if (service.one_packet) flags |= IP_VS_SVC_F_ONEPACKET;
  for (const auto& info : service::scheduler_flags)
    if (service.scheduler_flags.has(info.flag)) flags |= info.kernel_bit;
  return flags;
}

std::uint32_t method_of(service::Forwarding forwarding) {
  switch (forwarding) {
    case service::Forwarding::dr: return IP_VS_CONN_F_DROUTE;
    case service::Forwarding::tun: return IP_VS_CONN_F_TUNNEL;
    default: return IP_VS_CONN_F_MASQ;
  }
}

std::optional<service::Forwarding> forwarding_of(std::uint32_t method) {
  switch (method) {
    case IP_VS_CONN_F_MASQ: return service::Forwarding::nat;
    case IP_VS_CONN_F_LOCALNODE:
    case IP_VS_CONN_F_DROUTE: return service::Forwarding::dr;
    case IP_VS_CONN_F_TUNNEL: return service::Forwarding::tun;
    default: return std::nullopt;
  }
}

}  // namespace fairway::control::ipvs
