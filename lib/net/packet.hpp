// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

#include "base/id.hpp"
#include "net/headers.hpp"
#include "net/tuple.hpp"

namespace fairway::net {

/// A port of the director (a NIC or virtual device), numbered in the configuration's order. Not a TCP or UDP port.
using PortId = base::Id<struct PortTag, std::uint16_t>;

/// One received packet, without DPDK: where its bytes are, and what parse found in them. Offsets count from `frame`.
struct PacketView {
  PacketView() noexcept {}  // not trivial: the union has members with initializers

  std::uint8_t* frame = nullptr;  // first byte of the Ethernet header
  std::uint16_t length = 0;       // bytes from `frame` to the end of the packet
  std::uint16_t headroom = 0;     // writable bytes before `frame`
  PortId port;                    // where it came in; after send: where it goes out
  bool segmented = false;         // more bytes follow in further buffers: its headers may not all be in `frame`

  // Filled by parse.
  Family family = Family::ipv4;
  std::uint8_t network_offset = 0;    // of the IP header
  std::uint8_t transport_offset = 0;  // of the TCP, UDP header
  std::uint8_t tcp_flags = 0;         // 0 for other protocols
  std::uint16_t network_length = 0;   // bytes of the IP packet by its own header
  union {
    Tuple4 tuple{};  // family ipv4
    Tuple6 tuple6;   // family ipv6
  };

  EthernetHeader* ethernet() const { return reinterpret_cast<EthernetHeader*>(frame); }
  Ipv4Header* ipv4() const { return reinterpret_cast<Ipv4Header*>(frame + network_offset); }
  TcpHeader* tcp() const { return reinterpret_cast<TcpHeader*>(frame + transport_offset); }
  UdpHeader* udp() const { return reinterpret_cast<UdpHeader*>(frame + transport_offset); }
};
static_assert(sizeof(PacketView) == 64, "32 of them are walked over by each stage");

}  // namespace fairway::net
