// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "net/checksum.hpp"
#include "net/packet.hpp"

namespace fairway::net {

enum class Parsed : std::uint8_t {
  tuple,         // an unfragmented TCP or UDP packet over IPv4: every field of the view is filled
  fragment,      // of an IPv4 packet: addresses and protocol are filled, service ports are zero
  other,         // not for a director (ARP, IPv6 for now, ICMP, …)
  malformed,     // truncated, or its lengths contradict each other
  bad_checksum,  // of the IPv4 header (RFC 1812, 5.2.2)
  segmented,     // its headers reach beyond the first segment
};

/// What parse() does, for packets of every kind.
Parsed parse_step_by_step(PacketView& packet) noexcept;

/// Reads the headers of `packet.frame` (`packet.length` bytes, none beyond is touched) into the view. Takes zero to two
/// VLAN tags. Layer-4 checksums are not looked at: what came in wrong goes out wrong, for the receiver to see.
[[gnu::always_inline]] inline Parsed parse(PacketView& packet) noexcept {
  // Nearly all packets are of one kind, untagged and without IP options, for which a few comparisons are enough; here they
  // become part of the caller's loop.
  const auto& ethernet = *reinterpret_cast<const EthernetHeader*>(packet.frame);
  const auto& ip = *reinterpret_cast<const Ipv4Header*>(&ethernet + 1);
  const auto& tcp = *reinterpret_cast<const TcpHeader*>(&ip + 1);
  const auto& udp = *reinterpret_cast<const UdpHeader*>(&ip + 1);
  if (packet.length < sizeof ethernet + sizeof ip + sizeof tcp) return parse_step_by_step(packet);
  const std::size_t whole = ip.total_length.host();
  const bool is_plain = ethernet.type == EtherType::ipv4 && ip.version_length == 0x45 && !ip.is_fragment() &&
                        whole <= packet.length - sizeof ethernet && fold(sum_ipv4_words(&ip)) == 0xffff;
  if (!is_plain) return parse_step_by_step(packet);
  std::uint8_t flags = 0;
  if (Protocol{ip.protocol} == Protocol::tcp) {
    const std::size_t length = tcp.header_length();
    if (length < sizeof tcp || sizeof ip + length > whole) return parse_step_by_step(packet);
    flags = tcp.flags;
  } else {
    const std::size_t length = udp.length.host();
    if (Protocol{ip.protocol} != Protocol::udp || length < sizeof udp || sizeof ip + length > whole)
      return parse_step_by_step(packet);
  }
  packet.family = Family::ipv4;
  packet.network_offset = sizeof ethernet;
  packet.transport_offset = sizeof ethernet + sizeof ip;
  packet.tcp_flags = flags;
  packet.network_length = static_cast<std::uint16_t>(whole);
  read_tuple(&ip, &tcp, packet.tuple);
  return Parsed::tuple;
}

}  // namespace fairway::net
