// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/traffic_class.hpp"

#include "net/headers.hpp"

namespace fairway::worker {
namespace {

using Bytes = std::span<const std::uint8_t>;

template <class Header>
const Header* header_at(Bytes frame, std::size_t offset) noexcept {
  return frame.size() >= offset + sizeof(Header) ? reinterpret_cast<const Header*>(frame.data() + offset) : nullptr;
}

bool is_control_port(std::uint8_t protocol, const net::UdpHeader& header) noexcept {
  constexpr std::uint16_t bgp = 179, bfd_single_hop = 3784, bfd_echo = 3785, bfd_multihop = 4784;
  const std::uint16_t from = header.source.host(), to = header.destination.host();
  if (protocol == static_cast<std::uint8_t>(net::Protocol::tcp)) return from == bgp || to == bgp;
  if (protocol == static_cast<std::uint8_t>(net::Protocol::udp))
    return to == bfd_single_hop || to == bfd_echo || to == bfd_multihop;
  return false;
}

bool is_control_transport(Bytes frame, std::uint8_t protocol, std::size_t offset) noexcept {
  constexpr std::uint8_t igmp = 2, ospf = 89, vrrp = 112;
  if (protocol == igmp || protocol == ospf || protocol == vrrp) return true;
  if (protocol == static_cast<std::uint8_t>(net::Protocol::icmpv6)) {
    constexpr std::uint8_t router_solicitation = 133, redirect = 137;  // RFC 4861, 4
    return frame.size() > offset && frame[offset] >= router_solicitation && frame[offset] <= redirect;
  }
  const auto* ports = header_at<net::UdpHeader>(frame, offset);
  return ports && is_control_port(protocol, *ports);
}

}  // namespace

TrafficClass class_of(Bytes frame) noexcept {
  const auto* ethernet = header_at<net::EthernetHeader>(frame, 0);
  if (!ethernet) return TrafficClass::bulk;
  std::size_t offset = sizeof *ethernet;
  net::Big16 type = ethernet->type;
  if (const auto* tag = header_at<net::VlanTag>(frame, offset); tag && type == net::EtherType::vlan) {
    type = tag->type;
    offset += sizeof *tag;
  }
  bool is_control = type == net::EtherType::arp;
  if (const auto* v4 = header_at<net::Ipv4Header>(frame, offset); v4 && type == net::EtherType::ipv4)
    is_control = is_control_transport(frame, v4->protocol, offset + v4->header_length());
  if (const auto* v6 = header_at<net::Ipv6Header>(frame, offset); v6 && type == net::EtherType::ipv6)
    is_control = is_control_transport(frame, v6->next_header, offset + sizeof *v6);
  return is_control ? TrafficClass::control : TrafficClass::bulk;
}

}  // namespace fairway::worker
