// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"
#include "conn/state.hpp"
#include "net/tuple.hpp"
#include "service/service.hpp"

namespace fairway::conn {

/// What every packet of a connection reads or writes: one cache line. The owning worker alone touches it.
struct alignas(64) Hot {
  net::AddressBytes server;           // where the client's packets go: NAT's new destination
  net::AddressBytes virtual_address;  // the VIP: NAT's new source of replies
  net::ServicePort server_port;
  net::ServicePort virtual_port;
  service::ServerId server_id;  // counts and next hop of the server are found by it
  service::ServiceId service_id;
  std::uint32_t next_hop_to_client;  // a route::NextHopId; of NAT only, 0 until a reply has asked for it
  base::Stamp last_seen;             // a packet stores a stamp and re-arms nothing
  std::uint32_t in_packets;          // from the client
  std::uint32_t timeout;             // seconds, of the state
  State state;
  std::uint8_t flags;
  service::Forwarding forwarding;
  net::Protocol protocol;

  // Flags.
  static constexpr std::uint8_t live = 1;       // the slot holds a connection
  static constexpr std::uint8_t inactive = 2;   // counted as inactive, else as active
  static constexpr std::uint8_t no_output = 4;  // no reply has been seen: the kernel's NOOUTPUT of DR and TUN
  static constexpr std::uint8_t confirmed = 8;  // UDP: more than its first packet has been seen
  static constexpr std::uint8_t ipv6 = 16;
  static constexpr std::uint8_t unassured = 32;  // its template is still to be told that it was established or answered
  static constexpr std::uint8_t one_packet = 64;  // in no table: of a packet that was scheduled by itself

  bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
  bool is_due(base::Stamp now) const noexcept {
    // In 64 bits: a timeout of weeks does not fit into milliseconds of 32.
    return std::uint64_t{base::elapsed(last_seen, now)} >= std::uint64_t{timeout} * 1000;
  }
};
static_assert(sizeof(Hot) == 64 && offsetof(Hot, next_hop_to_client) == 44 && offsetof(Hot, state) == 60);

/// The rest: what opening, closing and listing need. Half a line.
struct alignas(32) Cold {
  net::AddressBytes client;
  net::ServicePort client_port;
  std::uint8_t standing;  // the wheel it lies in: a Standing
  std::uint8_t reserved;
  std::uint32_t next;         // in its timer bucket
  std::uint32_t previous;     // likewise; of the first, the bucket
  std::uint32_t persistence;  // handle of the template that controls it; 0: none
};
static_assert(sizeof(Cold) == 32);

}  // namespace fairway::conn
