// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/classify.hpp"

namespace fairway::forward {

/// Decides a packet of a NAT server that is of no connection: with nat_icmp_send the server is told that there is none;
/// else, and of a reset, the kernel routes it like any packet.
void refuse_server(Burst& burst, std::uint32_t i, Context& context) noexcept;

/// What a server of DR or TUN sends to its client by way of the director is of no tuple that the table knows: it is looked
/// up the other way round. True if this miss is such a reply.
template <class Connections>
bool connect_reply(Burst& burst, std::uint32_t i, Connections& connections, const Context& context) noexcept {
  const net::Tuple4 asked = net::reversed(burst.packets[i].tuple);
  const auto found = connections.find(asked, connections.hash(asked));
  if (!found || found->is_reply()) return false;
  conn::Hot& entry = connections.hot(found->slot());
  if (entry.forwarding == service::Forwarding::nat || entry.is_due(context.now)) return false;
  burst.connect(i, conn::Reference::to(found->slot(), true), entry);
  burst.missed.remove(i);
  return true;
}

/// Takes the misses from servers that are this worker's. Replies of DR and TUN go on as they are, and the director has seen
/// that the server answers (the kernel clears NOOUTPUT).
template <class Connections>
void take_replies(Burst& burst, const Classified& classified, Connections& connections, Context& context) noexcept {
  for (const std::uint32_t i : classified.from_server.both(burst.undecided))
    if (!connect_reply(burst, i, connections, context)) refuse_server(burst, i, context);
}

}  // namespace fairway::forward
