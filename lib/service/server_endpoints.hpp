// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "service/table.hpp"

/// By which endpoints the table knows a real server (Table::nat_server_came, Table::add_nat_server).
namespace fairway::service {

/// Calls `f` with the server's endpoint at this port, for each protocol of its service.
template <class F>
void for_endpoints_at(const ServiceKey& service, const net::Address& server, net::ServicePort port, F&& f) {
  for (const auto protocol : {net::Protocol::tcp, net::Protocol::udp})
    if (service.is_mark() || protocol == service.protocol) f(endpoint_of(protocol, server, port));
}

/// Calls `f` with each endpoint that packets of this NAT server may come from.
template <class F>
void for_nat_endpoints_of(const ServiceKey& service, const net::Address& server, net::ServicePort port, F&& f) {
  // FTP's data connections keep their ports, too.
  const bool has_any_port = service.is_mark() || service.port.host() == 0 || service.port == ftp_port;
  for_endpoints_at(service, server, has_any_port ? net::ServicePort() : port, f);
}

}  // namespace fairway::service
