// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/classify.hpp"

namespace fairway::forward {
namespace {

service::Endpoint destination_of(const net::Tuple4& tuple) noexcept {
  return service::endpoint_of(tuple.protocol, tuple.destination, tuple.destination_port);
}

service::Endpoint source_of(const net::Tuple4& tuple) noexcept {
  return service::endpoint_of(tuple.protocol, tuple.source, tuple.source_port);
}

/// FTP's data connections come to ports that nobody knows beforehand (passive), or to 20. Only a persistent service can
/// tell whose they are; the kernel leaves those of another to the local stack. Else a service of every port takes them.
const service::Service* find_of_many_ports(const net::Tuple4& tuple, const service::Table& services,
                                           std::uint8_t specials) noexcept {
  constexpr std::uint16_t ftp_data = 20, first_unprivileged = 1024;
  const std::uint16_t port = tuple.destination_port.host();
  const bool may_be_ftp = tuple.protocol == net::Protocol::tcp && (port == ftp_data || port >= first_unprivileged);
  if (may_be_ftp && (specials & service::Table::ftp) != 0)
    if (const auto* ftp = services.find(service::endpoint_of(tuple.protocol, tuple.destination, service::ftp_port)))
      return ftp->persistence != 0 ? ftp : nullptr;
  if ((specials & service::Table::any_port) == 0) return nullptr;
  return services.find(service::endpoint_of(tuple.protocol, tuple.destination, {}));
}

}  // namespace

/// In the kernel's order (ip_vs_service_find): by mark; by protocol, address and port; then those of many ports.
const service::Service* find_service(const net::Tuple4& tuple, const service::Table& services) noexcept {
  const std::uint8_t specials = services.specials();
  if ((specials & service::Table::marks) != 0)
    if (const std::uint32_t mark = services.mark_rules().mark_of(tuple); mark != 0)
      if (const service::Service* marked = services.find_mark(mark, net::Family::ipv4)) return marked;
  if (const service::Service* exact = services.find(destination_of(tuple))) return exact;
  constexpr std::uint8_t of_many_ports = service::Table::ftp | service::Table::any_port;
  return (specials & of_many_ports) != 0 ? find_of_many_ports(tuple, services, specials) : nullptr;
}

Classified classify(Burst& burst, const Context& context) noexcept {
  Classified classified;
  for (const std::uint32_t i : burst.missed) {
    const net::Tuple4& tuple = burst.packets[i].tuple;
    if (const service::Service* service = find_service(tuple, context.services)) {
      classified.to_service.add(i);
      classified.services[i] = service;
    } else if (context.services.is_nat_server(source_of(tuple)) ||
               find_service(net::reversed(tuple), context.services)) {
      classified.from_server.add(i);
    } else {
      burst.decide(i, Verdict::to_kernel);
    }
  }
  return classified;
}

void hand_over(Burst& burst, const Classified& classified, const Context& context) noexcept {
  const auto is_ours = [&](std::uint32_t i, const net::Address& client, net::ServicePort port) {
    const unsigned owner = owner_of(client, port, context.workers);
    if (owner == context.worker) return true;
    burst.owners[i] = static_cast<std::uint16_t>(owner);
    burst.decide(i, Verdict::to_other_worker);
    return false;
  };
  for (const std::uint32_t i : classified.to_service) {
    const net::Tuple4& tuple = burst.packets[i].tuple;
    is_ours(i, tuple.source, tuple.source_port);
  }
  for (const std::uint32_t i : classified.from_server) {
    const net::Tuple4& tuple = burst.packets[i].tuple;
    is_ours(i, tuple.destination, tuple.destination_port);
  }
}

}  // namespace fairway::forward
