// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/local.hpp"

#include <utility>

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

void deliver_to_this_host(Burst& burst, const Context& context) noexcept {
  for (const std::uint32_t i : burst.for_this_host)
    burst.decide(i, deliver(burst.packets[i], *burst.entries[i], *context.routes));
}

void parse_from_kernel(Burst& burst) noexcept {
  for (const std::uint32_t i : burst.undecided)
    if (net::parse(burst.packets[i]) != net::Parsed::tuple) burst.decide(i, Verdict::to_kernel);
}

void leave_to_kernel(Burst& burst, const Context& context) noexcept {
  for (const std::uint32_t i : burst.undecided) {
    const net::Tuple4& tuple = burst.packets[i].tuple;
    if (!burst.missed.contains(i)) {
      if (!burst.references[i].is_reply())
        burst.decide(i, Verdict::to_kernel);
      else if (!context.statuses[burst.entries[i]->server_id.value].get().available)
        burst.uncounted.add(i);
      continue;
    }
    const unsigned owner = owner_of(tuple.destination, tuple.destination_port, context.workers);
    const bool is_of_server =
        context.services.is_nat_server(service::endpoint_of(tuple.protocol, tuple.source, tuple.source_port));
    burst.owners[i] = static_cast<std::uint16_t>(owner);
    burst.decide(i, is_of_server && owner != context.worker ? Verdict::to_other_worker : Verdict::to_kernel);
  }
}

void translate_from_kernel(Burst& burst) noexcept {
  for (const std::uint32_t i : burst.undecided) {
    nat_to_client(burst.packets[i], *burst.entries[i]);
    burst.verdicts[i] = Verdict::transmit;
  }
  burst.transmitted = std::exchange(burst.undecided, {});
}

}  // namespace fairway::forward
