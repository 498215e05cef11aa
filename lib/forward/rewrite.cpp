// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/rewrite.hpp"

#include <optional>

namespace fairway::forward {
namespace {

std::optional<net::Ipv4Address> first_address(const route::PortAddresses& port) noexcept {
  for (const net::Address& address : port.local)
    if (address.is_v4()) return address.v4();
  return std::nullopt;
}

}  // namespace

void refuse_size(Burst& burst, std::uint32_t i, net::Ipv4Address source, std::uint16_t mtu, Context& context) noexcept {
  if (!burst.packets[i].ipv4()->forbids_fragments()) return burst.decide(i, Verdict::drop_too_big);
  answer(burst, i, Verdict::answer_fragmentation_needed, source, mtu, context);
}

void refuse_tunnel_size(Burst& burst, std::uint32_t i, net::Ipv4Address source, std::uint16_t mtu,
                        Context& context) noexcept {
  if (context.services.settings().pmtu_disc == 0) return burst.decide(i, Verdict::drop_too_big);
  refuse_size(burst, i, source, mtu, context);
}

net::Ipv4Address own_address(const net::PacketView& packet, const Context& context) noexcept {
  constexpr net::Ipv4Address dummy{0xc0000008u};
  const auto& ports = context.routes->ports;
  if (packet.port.value < ports.size())
    if (const auto address = first_address(ports[packet.port.value])) return *address;
  for (const route::PortAddresses& port : ports)
    if (const auto address = first_address(port)) return *address;
  return dummy;
}

}  // namespace fairway::forward
