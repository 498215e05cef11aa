// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/answer.hpp"
#include "forward/nat.hpp"
#include "forward/tun.hpp"

namespace fairway::forward {

/// One hop less to live; the checksum follows.
void decrement_ttl(net::Ipv4Header& ip) noexcept;

/// Decides a packet that is too big for its next hop: answered where it must not be fragmented.
void refuse_size(Burst& burst, std::uint32_t i, net::Ipv4Address source, std::uint16_t mtu, Context& context) noexcept;

/// A client's packet on its way to its server. Errors about it come from the virtual address. The TTL counts down before
/// the MTU is looked at, as in the kernel.
void rewrite_to_server(Burst& burst, std::uint32_t i, const conn::Hot& entry, Context& context) noexcept;

/// A NAT server's packet on its way to the client. The kernel forwards it as a router would, so errors about it come from
/// the director's own address on the server's side, and the MTU is looked at before the TTL counts down.
void rewrite_to_client(Burst& burst, std::uint32_t i, const conn::Hot& entry, Context& context) noexcept;

template <class Connections>
void rewrite(Burst& burst, const Connections& connections, Context& context) noexcept {
  burst.undecided.each([&](std::uint32_t i) {
    const conn::Hot& entry = connections.hot(burst.references[i].slot());
    if (burst.references[i].is_reply())
      rewrite_to_client(burst, i, entry, context);
    else
      rewrite_to_server(burst, i, entry, context);
  });
}

}  // namespace fairway::forward
