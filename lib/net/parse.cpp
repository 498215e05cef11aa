// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/parse.hpp"

#include <algorithm>

namespace fairway::net {
namespace {

/// What is said of headers that are not all there: the rest may lie in a further segment.
Parsed incomplete(const PacketView& packet) noexcept {
  return packet.segmented ? Parsed::segmented : Parsed::malformed;
}

constexpr bool is_tag(Big16 type) { return type == EtherType::vlan || type == EtherType::service_vlan; }

/// Goes past at most two VLAN tags. False: truncated.
bool skip_tags(const std::uint8_t* frame, std::size_t length, std::size_t& offset, Big16& type) noexcept {
  for (int tags = 0; tags < 2 && is_tag(type); ++tags) {
    if (length < offset + sizeof(VlanTag)) return false;
    type = reinterpret_cast<const VlanTag*>(frame + offset)->type;
    offset += sizeof(VlanTag);
  }
  return true;
}

bool has_right_checksum(const Ipv4Header& ip, std::size_t header_length) noexcept {
  std::uint64_t sum = fold(sum_ipv4_words(&ip));
  if (header_length > sizeof(Ipv4Header)) sum += sum_words(&ip + 1, header_length - sizeof(Ipv4Header));
  return fold(sum) == 0xffff;
}

/// `whole` bytes follow the IP header, `here` of them in the first segment.
Parsed transport(PacketView& packet, const Ipv4Header& ip, const std::uint8_t* start, std::size_t whole,
                 std::size_t here) noexcept {
  const auto& tcp = *reinterpret_cast<const TcpHeader*>(start);
  const auto& udp = *reinterpret_cast<const UdpHeader*>(start);
  const bool is_tcp = Protocol{ip.protocol} == Protocol::tcp;
  const std::size_t least = is_tcp ? sizeof(TcpHeader) : sizeof(UdpHeader);
  if (here < least) return whole < least ? Parsed::malformed : incomplete(packet);
  const std::size_t length = is_tcp ? tcp.header_length() : udp.length.host();
  if (length < least || length > whole) return Parsed::malformed;
  read_tuple(&ip, start, packet.tuple);
  packet.tcp_flags = is_tcp ? tcp.flags : std::uint8_t{0};
  return Parsed::tuple;
}

/// RFC 1812, 5.2.2: the checks of an IPv4 header, in its order. `present` bytes of the packet lie in the first segment.
Parsed ipv4(PacketView& packet, const std::uint8_t* start, std::size_t present) noexcept {
  if (present < sizeof(Ipv4Header)) return incomplete(packet);
  const auto& ip = *reinterpret_cast<const Ipv4Header*>(start);
  const std::size_t header_length = ip.header_length();
  if (ip.version_length >> 4 != 4 || header_length < sizeof(Ipv4Header)) return Parsed::malformed;
  if (present < header_length) return incomplete(packet);
  if (!has_right_checksum(ip, header_length)) return Parsed::bad_checksum;
  const std::size_t whole = ip.total_length.host();
  if (whole < header_length) return Parsed::malformed;
  if (present < whole && !packet.segmented) return Parsed::malformed;

  packet.family = Family::ipv4;
  packet.network_length = static_cast<std::uint16_t>(whole);
  packet.transport_offset =
      static_cast<std::uint8_t>(start - packet.frame + static_cast<std::ptrdiff_t>(header_length));
  const Protocol protocol{ip.protocol};
  if (!ip.is_fragment() && (protocol == Protocol::tcp || protocol == Protocol::udp))
    return transport(packet, ip, start + header_length, whole - header_length,
                     std::min(present, whole) - header_length);
  packet.tuple = {.source = ip.source, .destination = ip.destination, .protocol = protocol};
  return ip.is_fragment() ? Parsed::fragment : Parsed::other;
}

}  // namespace

Parsed parse_step_by_step(PacketView& packet) noexcept {
  const std::uint8_t* const frame = packet.frame;
  const std::size_t length = packet.length;
  if (length < sizeof(EthernetHeader)) return incomplete(packet);
  std::size_t offset = sizeof(EthernetHeader);
  Big16 type = packet.ethernet()->type;
  if (is_tag(type) && !skip_tags(frame, length, offset, type)) return incomplete(packet);
  packet.network_offset = static_cast<std::uint8_t>(offset);
  return type == EtherType::ipv4 ? ipv4(packet, frame + offset, length - offset) : Parsed::other;
}

}  // namespace fairway::net
