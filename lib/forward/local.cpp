// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/local.hpp"

#include "net/parse.hpp"

namespace fairway::forward {
namespace {

Verdict deliver(net::PacketView& packet, const conn::Hot& entry, const route::Snapshot& routes) noexcept {
  if (entry.forwarding != service::Forwarding::nat)
    return routes.is_local(packet.tuple.destination) ? Verdict::to_kernel : Verdict::drop_not_local;
  if (net::is_loopback(entry.v4.server)) return Verdict::drop_to_loopback;
  nat_to_server(packet, entry);
  return Verdict::to_kernel;
}

}  // namespace

void deliver_to_this_host(Burst& burst, std::uint32_t i, const Context& context) noexcept {
  burst.decide(i, deliver(burst.packets[i], *burst.entries[i], *context.routes));
}

void parse_from_kernel(Burst& burst) noexcept {
  for (const std::uint32_t i : burst.undecided)
    if (net::parse(burst.packets[i]) != net::Parsed::tuple) burst.decide(i, Verdict::to_kernel);
}

bool may_be_reply(const net::Tuple4& tuple, const Context& context) noexcept {
  return context.services.is_nat_server(service::endpoint_of(tuple.protocol, tuple.source, tuple.source_port)) ||
         find_service(net::reversed(tuple), context.services);
}

void translate_from_kernel(Burst& burst, std::uint32_t i) noexcept {
  if (burst.entries[i]->forwarding == service::Forwarding::nat) nat_to_client(burst.packets[i], *burst.entries[i]);
  burst.verdicts[i] = Verdict::transmit;
}

}  // namespace fairway::forward
