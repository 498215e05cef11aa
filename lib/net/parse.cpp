// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/parse.hpp"

#include "net/checksum.hpp"

namespace fairway::net {
namespace {

/// Offset of the network header and the EtherType that announces it, past at most two VLAN tags. Offset 0: truncated.
struct LinkLayer {
  std::uint8_t length;
  Big16 type;
};

LinkLayer parse_link(const PacketView& packet) noexcept {
  if (packet.length < sizeof(EthernetHeader)) return {0, {}};
  std::uint8_t offset = sizeof(EthernetHeader);
  Big16 type = packet.ethernet()->type;
  for (int tags = 0; tags < 2 && (type == EtherType::vlan || type == EtherType::service_vlan); ++tags) {
    if (packet.length < offset + sizeof(VlanTag)) return {0, {}};
    type = reinterpret_cast<const VlanTag*>(packet.frame + offset)->type;
    offset = static_cast<std::uint8_t>(offset + sizeof(VlanTag));
  }
  return {offset, type};
}

/// What is said of headers that are not all there: the rest may lie in a further segment.
Parsed incomplete(const PacketView& packet) noexcept {
  return packet.segmented ? Parsed::segmented : Parsed::malformed;
}

/// Bytes of the IP packet that lie in the first segment.
std::size_t bytes_here(const PacketView& packet) noexcept {
  const std::size_t present = packet.length - packet.network_offset;
  return present < packet.network_length ? present : packet.network_length;
}

Parsed parse_transport(PacketView& packet, std::size_t header_length) noexcept {
  const std::size_t whole = packet.network_length - header_length;
  const std::size_t here = bytes_here(packet) - header_length;
  const bool is_tcp = packet.tuple.protocol == Protocol::tcp;
  const std::size_t least = is_tcp ? sizeof(TcpHeader) : sizeof(UdpHeader);
  if (whole < least) return Parsed::malformed;
  if (here < least) return incomplete(packet);
  if (is_tcp) {
    const std::size_t tcp_length = packet.tcp()->header_length();
    if (tcp_length < sizeof(TcpHeader) || tcp_length > whole) return Parsed::malformed;
    packet.tcp_flags = packet.tcp()->flags;
  } else {
    const std::size_t udp_length = packet.udp()->length.host();
    if (udp_length < sizeof(UdpHeader) || udp_length > whole) return Parsed::malformed;
    packet.tcp_flags = 0;
  }
  // TCP and UDP both begin with the two service ports.
  packet.tuple.source_port = packet.udp()->source;
  packet.tuple.destination_port = packet.udp()->destination;
  return Parsed::tuple;
}

/// RFC 1812, 5.2.2: the checks of an IPv4 header, in its order.
Parsed parse_ipv4(PacketView& packet) noexcept {
  const std::size_t present = packet.length - packet.network_offset;
  if (present < sizeof(Ipv4Header)) return incomplete(packet);
  const Ipv4Header& ip = *packet.ipv4();
  const std::size_t header_length = ip.header_length();
  if (ip.version_length >> 4 != 4 || header_length < sizeof(Ipv4Header)) return Parsed::malformed;
  if (present < header_length) return incomplete(packet);
  if (fold(sum_words(&ip, header_length)) != 0xffff) return Parsed::bad_checksum;
  packet.network_length = ip.total_length.host();
  if (packet.network_length < header_length) return Parsed::malformed;
  if (present < packet.network_length && !packet.segmented) return Parsed::malformed;

  packet.family = Family::ipv4;
  packet.transport_offset = static_cast<std::uint8_t>(packet.network_offset + header_length);
  packet.tuple = {.source = ip.source, .destination = ip.destination, .protocol = Protocol{ip.protocol}};
  if (ip.is_fragment()) return Parsed::fragment;
  if (packet.tuple.protocol != Protocol::tcp && packet.tuple.protocol != Protocol::udp) return Parsed::other;
  return parse_transport(packet, header_length);
}

}  // namespace

Parsed parse(PacketView& packet) noexcept {
  const LinkLayer link = parse_link(packet);
  if (link.length == 0) return incomplete(packet);
  packet.network_offset = link.length;
  return link.type == EtherType::ipv4 ? parse_ipv4(packet) : Parsed::other;
}

}  // namespace fairway::net
