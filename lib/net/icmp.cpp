// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/icmp.hpp"

#include <algorithm>

#include "net/checksum.hpp"

namespace fairway::net {
namespace {

constexpr std::size_t largest_error = 576;
constexpr std::size_t added = sizeof(Ipv4Header) + sizeof(IcmpHeader);
constexpr std::uint8_t ttl_of_errors = 64;  // Linux's ip_default_ttl

/// Linux: the precedence of network control over the other bits of the packet that is answered.
constexpr std::uint8_t service_of_error(std::uint8_t service) {
  return static_cast<std::uint8_t>((service & 0x1e) | 0xc0);
}

void write_headers(std::uint8_t* start, std::size_t quoted, Ipv4Address source, Ipv4Address destination,
                   std::uint8_t service, IcmpError error) noexcept {
  auto& ip = *reinterpret_cast<Ipv4Header*>(start);
  ip = {.version_length = 0x45,
        .service = service,
        .total_length = Big16(static_cast<std::uint16_t>(added + quoted)),
        .id = {},
        .fragment = {},
        .ttl = ttl_of_errors,
        .protocol = static_cast<std::uint8_t>(Protocol::icmp),
        .checksum = {},
        .source = source,
        .destination = destination};
  ip.checksum = checksum(&ip, sizeof ip);
  auto& icmp = *reinterpret_cast<IcmpHeader*>(start + sizeof ip);
  icmp = {.type = error.type, .code = error.code, .checksum = {}, .unused = {}, .mtu = Big16(error.mtu)};
  icmp.checksum = checksum(&icmp, sizeof icmp + quoted);
}

}  // namespace

bool may_answer(const PacketView& packet) noexcept {
  const std::uint32_t source = packet.tuple.source.host();
  const bool is_odd = source >> 24 == 0 || source >> 24 == 127 || source >> 28 >= 0xe;
  return !is_odd && !packet.ethernet()->destination.is_group() && !is_multicast(packet.tuple.destination);
}

bool answer_with_icmp(PacketView& packet, Ipv4Address source, IcmpError error) noexcept {
  if (packet.headroom < added) return false;
  const std::size_t present = static_cast<std::size_t>(packet.length) - packet.network_offset;
  const std::size_t quoted = std::min({largest_error - added, present, std::size_t{packet.network_length}});
  const Ipv4Address destination = packet.tuple.source;
  const std::uint8_t service = service_of_error(packet.ipv4()->service);

  const std::uint8_t link = packet.network_offset;
  std::uint8_t* before = packet.frame;
  packet.frame -= added;
  packet.headroom = static_cast<std::uint16_t>(packet.headroom - added);
  std::memmove(packet.frame, before, link);
  std::swap(packet.ethernet()->destination, packet.ethernet()->source);
  write_headers(packet.frame + link, quoted, source, destination, service, error);
  packet.length = static_cast<std::uint16_t>(link + added + quoted);
  packet.network_length = static_cast<std::uint16_t>(added + quoted);
  packet.segmented = false;
  return true;
}

}  // namespace fairway::net
