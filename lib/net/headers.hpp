// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/address.hpp"
#include "net/endian.hpp"

/// Headers as they stand on the wire. Every field keeps its byte order in its type; nothing is swapped in place.
namespace fairway::net {

enum class Protocol : std::uint8_t { icmp = 1, ipip = 4, tcp = 6, udp = 17, icmpv6 = 58, sctp = 132 };

struct EtherType {
  static constexpr Big16 ipv4{std::uint16_t{0x0800}};
  static constexpr Big16 arp{std::uint16_t{0x0806}};
  static constexpr Big16 vlan{std::uint16_t{0x8100}};          // IEEE 802.1Q
  static constexpr Big16 service_vlan{std::uint16_t{0x88a8}};  // IEEE 802.1ad
  static constexpr Big16 ipv6{std::uint16_t{0x86dd}};
};

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  Big16 type;
};
static_assert(sizeof(EthernetHeader) == 14);

struct VlanTag {
  Big16 control;  // priority (3 bits), drop eligible (1), VLAN id (12)
  Big16 type;
};
static_assert(sizeof(VlanTag) == 4);

/// RFC 791, 3.1.
struct Ipv4Header {
  std::uint8_t version_length;  // version in the high, header length in 32-bit words in the low four bits
  std::uint8_t service;         // DSCP and ECN
  Big16 total_length;
  Big16 id;
  Big16 fragment;  // flags in the high three bits, offset in 8-byte units
  std::uint8_t ttl;
  std::uint8_t protocol;
  Big16 checksum;
  Ipv4Address source;
  Ipv4Address destination;

  static constexpr std::uint16_t dont_fragment = 0x4000, more_fragments = 0x2000, offset_mask = 0x1fff;
  std::size_t header_length() const { return (version_length & 0xfu) * 4u; }
  bool is_fragment() const { return (fragment.raw() & Big16(std::uint16_t{more_fragments | offset_mask}).raw()) != 0; }
  bool forbids_fragments() const { return (fragment.host() & dont_fragment) != 0; }
};
static_assert(sizeof(Ipv4Header) == 20);

/// RFC 8200, 3.
struct Ipv6Header {
  Big32 version_class_label;
  Big16 payload_length;
  std::uint8_t next_header;
  std::uint8_t hop_limit;
  Ipv6Address source;
  Ipv6Address destination;
};
static_assert(sizeof(Ipv6Header) == 40);

/// RFC 9293, 3.1.
struct TcpHeader {
  ServicePort source;
  ServicePort destination;
  Big32 sequence;
  Big32 acknowledgment;
  std::uint8_t offset;  // header length in 32-bit words in the high four bits
  std::uint8_t flags;
  Big16 window;
  Big16 checksum;
  Big16 urgent;

  static constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, ack = 0x10;
  std::size_t header_length() const { return (offset >> 4) * 4u; }
};
static_assert(sizeof(TcpHeader) == 20);

/// RFC 768.
struct UdpHeader {
  ServicePort source;
  ServicePort destination;
  Big16 length;
  Big16 checksum;  // 0: the sender made none
};
static_assert(sizeof(UdpHeader) == 8);

/// RFC 792.
struct IcmpHeader {
  std::uint8_t type;
  std::uint8_t code;
  Big16 checksum;
  Big16 unused;
  Big16 mtu;  // RFC 1191, 4: of fragmentation-needed only

  static constexpr std::uint8_t unreachable = 3, time_exceeded = 11;
  static constexpr std::uint8_t code_port = 3, code_fragmentation_needed = 4;
};
static_assert(sizeof(IcmpHeader) == 8);

}  // namespace fairway::net
