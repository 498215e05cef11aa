// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/time.hpp"
#include "conn/state.hpp"
#include "net/tuple.hpp"
#include "service/service.hpp"

namespace fairway::conn {

/// What every packet of a connection reads or writes: one cache line. The owning worker alone touches it. The index has no
/// keys, so both tuples are here; addresses and ports stand in such an order that each tuple is one piece of either.
struct alignas(64) Hot {
  struct Ipv4Ends {
    net::Ipv4Address server;  // where the client's packets go: NAT's new destination
    net::Ipv4Address client;
    net::Ipv4Address virtual_address;  // the VIP: NAT's new source of replies
  };

  Ipv4Ends v4;
  std::array<std::uint8_t, 20>
      room_for_ipv6;  // its client and virtual address take all 32; its server's is found by id
  net::ServicePort server_port;
  net::ServicePort client_port;
  net::ServicePort virtual_port;
  State state;
  std::uint8_t flags;
  service::Forwarding forwarding;
  net::Protocol protocol;
  std::uint8_t standing;  // the wheel of timers that it lies in: a Standing
  std::uint8_t unused;
  service::ServerId server_id;       // counts and next hop of the server are found by it
  std::uint32_t next_hop_to_client;  // a route::NextHopId; 0 until a reply, or a packet without server, has asked
  base::Stamp last_seen;             // a packet stores a stamp and re-arms nothing
  std::uint32_t in_packets;          // from the client
  std::uint32_t timeout;             // seconds, of the state

  // Flags.
  static constexpr std::uint8_t live = 1;  // the slot holds a connection; not where a packet was scheduled by itself
  static constexpr std::uint8_t inactive = 2;   // counted as inactive, else as active
  static constexpr std::uint8_t no_output = 4;  // no reply has been seen: the kernel's NOOUTPUT of DR and TUN
  static constexpr std::uint8_t confirmed = 8;  // UDP: more than its first packet has been seen
  static constexpr std::uint8_t ipv6 = 16;
  static constexpr std::uint8_t unassured = 32;  // its template is still to be told that it was established or answered

  bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
  bool is_due(base::Stamp now) const noexcept {
    // In 64 bits: a timeout of weeks does not fit into milliseconds of 32.
    return std::uint64_t{base::elapsed(last_seen, now)} >= std::uint64_t{timeout} * 1000;
  }

  /// Client → VIP, and NAT server → client.
  net::Tuple4 tuple4() const noexcept {
    return {.source = v4.client,
            .destination = v4.virtual_address,
            .source_port = client_port,
            .destination_port = virtual_port,
            .protocol = protocol};
  }
  net::Tuple4 reply4() const noexcept {
    return {.source = v4.server,
            .destination = v4.client,
            .source_port = server_port,
            .destination_port = client_port,
            .protocol = protocol};
  }
  /// Whether this is the tuple of its client's packets, or of its replies.
  bool is_of(const net::Tuple4& tuple, bool is_reply) const noexcept {
    // Without branches: packets of both directions come in any order. Of a reply, what is compared begins one address and
    // one port earlier.
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(this);
    const std::size_t skipped = is_reply ? 0 : 1;
    std::uint64_t addresses, wanted_addresses;
    std::uint32_t ports, wanted_ports;
    std::memcpy(&addresses, bytes + skipped * sizeof(net::Ipv4Address), sizeof addresses);
    std::memcpy(&wanted_addresses, &tuple.source, sizeof wanted_addresses);
    std::memcpy(&ports, bytes + offsetof(Hot, server_port) + skipped * sizeof(net::ServicePort), sizeof ports);
    std::memcpy(&wanted_ports, &tuple.source_port, sizeof wanted_ports);
    const std::uint32_t others = (static_cast<std::uint32_t>(protocol) ^ static_cast<std::uint32_t>(tuple.protocol)) |
                                 std::uint32_t{static_cast<std::uint8_t>(flags & ipv6)};
    return ((addresses ^ wanted_addresses) | (ports ^ wanted_ports) | others) == 0;
  }
};
static_assert(sizeof(Hot) == 64 && offsetof(Hot, v4) == 0 && offsetof(Hot, server_port) == 32 &&
              offsetof(Hot, server_id) == 44);

/// The rest: what opening, closing and listing need. A quarter of a line.
struct alignas(16) Cold {
  service::ServiceId service_id;
  std::uint32_t next;         // in its timer bucket
  std::uint32_t previous;     // likewise; of the first, the bucket
  std::uint32_t persistence;  // handle of the template that controls it; 0: none
};
static_assert(sizeof(Cold) == 16);

}  // namespace fairway::conn
