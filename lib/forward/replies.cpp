// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/replies.hpp"

#include "forward/answer.hpp"
#include "forward/rewrite.hpp"

namespace fairway::forward {

void refuse_server(Burst& burst, std::uint32_t i, Context& context) noexcept {
  net::PacketView& packet = burst.packets[i];
  const net::Tuple4& tuple = packet.tuple;
  // What the director asked the server for itself, such as a health check, is no one's lost connection. (The kernel
  // answers that too.) A TTL that runs out here is the kernel's to report.
  const bool is_refused =
      context.services.settings().nat_icmp_send != 0 && (packet.tcp_flags & net::TcpHeader::rst) == 0 &&
      packet.ipv4()->ttl > 1 &&
      context.services.has_nat_server(service::endpoint_of(tuple.protocol, tuple.source, tuple.source_port)) &&
      !context.routes->is_local(tuple.destination);
  if (!is_refused) return burst.decide(i, Verdict::to_kernel);
  // IPVS sees it behind the router's work.
  decrement_ttl(*packet.ipv4());
  answer(burst, i, Verdict::answer_port_unreachable, own_address(packet, context), 0, context);
}

}  // namespace fairway::forward
