// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/context.hpp"
#include "forward/nat.hpp"
#include "forward/replies.hpp"

/// Servers that are the director itself (the kernel's LOCALNODE).
namespace fairway::forward {

/// Decides a packet whose server is the director itself: up the twin of the port by which it came, for NAT with the server's
/// address and port, else as it is. It is not routed, so no TTL counts down and no MTU is asked for.
void deliver_to_this_host(Burst& burst, std::uint32_t i, const Context& context) noexcept;

/// Packets that Linux sends by a twin: whatever is not TCP or UDP it sends as it is. The verdict to_kernel means that here:
/// the kernel's own, it goes out as it came from there.
void parse_from_kernel(Burst& burst) noexcept;

/// Whether the packet may be of a server that is the director itself, though no tuple of this worker's says so.
bool may_be_reply(const net::Tuple4& tuple, const Context& context) noexcept;

/// Decides those that are no server's replies: another worker may know them, or they are the kernel's own. Those of DR and
/// TUN are looked up the other way round, as when they come by a port.
template <class Connections>
void leave_to_kernel(Burst& burst, Connections& connections, const Context& context) noexcept {
  for (const std::uint32_t i : burst.undecided) {
    const net::Tuple4& tuple = burst.packets[i].tuple;
    if (burst.missed.contains(i)) {
      if (!may_be_reply(tuple, context)) {
        burst.decide(i, Verdict::to_kernel);
        continue;
      }
      const unsigned owner = owner_of(tuple.destination, tuple.destination_port, context.workers);
      burst.owners[i] = static_cast<std::uint16_t>(owner);
      const bool is_ours = owner == context.worker;
      if (!is_ours || !connect_reply(burst, i, connections, context))
        burst.decide(i, is_ours ? Verdict::to_kernel : Verdict::to_other_worker);
    } else if (!burst.references[i].is_reply()) {
      burst.decide(i, Verdict::to_kernel);
    }
  }
  for (const std::uint32_t i : burst.undecided)
    if (!context.statuses[burst.entries[i]->server_id.value].get().available) burst.uncounted.add(i);
}

/// A reply of a server that is the director itself: of NAT it comes from the virtual address. The kernel has chosen its way
/// already.
void translate_from_kernel(Burst& burst, std::uint32_t i) noexcept;

}  // namespace fairway::forward
