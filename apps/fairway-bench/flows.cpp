// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/flows.hpp"

namespace fairway::bench {
namespace {

constexpr std::uint32_t first_client = 0x0a000000, first_service = 0xc6120000, first_server = 0xac100000;

}  // namespace

net::Ipv4Address virtual_address(std::uint32_t service) { return net::Ipv4Address(first_service + service); }
net::Ipv4Address server_address(std::uint32_t server) { return net::Ipv4Address(first_server + server); }
std::uint32_t server_number(net::Ipv4Address address) { return address.host() - first_server; }

// 16 M addresses; beyond those the same ones again from other ports.
net::Tuple4 client_tuple(const Plan& plan, std::uint32_t flow) {
  const auto port = static_cast<std::uint16_t>(1024 + (flow >> 24) * 7 + flow % 50'000);
  return {.source = net::Ipv4Address(first_client + (flow & 0xffffff)),
          .destination = virtual_address(plan.service_of(flow)),
          .source_port = net::ServicePort(port),
          .destination_port = service_port,
          .protocol = net::Protocol::tcp};
}

net::Tuple4 reply_tuple(const Plan& plan, std::uint32_t flow, std::uint32_t server) {
  const net::Tuple4 client = client_tuple(plan, flow);
  return {.source = server_address(server),
          .destination = client.source,
          .source_port = service_port,
          .destination_port = client.source_port,
          .protocol = client.protocol};
}

}  // namespace fairway::bench
