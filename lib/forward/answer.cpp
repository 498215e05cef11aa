// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/answer.hpp"

#include "net/icmp.hpp"

namespace fairway::forward {
namespace {

net::IcmpError error_of(Verdict verdict, std::uint16_t mtu) noexcept {
  using net::IcmpHeader;
  switch (verdict) {
    case Verdict::answer_time_exceeded: return {.type = IcmpHeader::time_exceeded, .code = 0};
    case Verdict::answer_fragmentation_needed:
      return {.type = IcmpHeader::unreachable, .code = IcmpHeader::code_fragmentation_needed, .mtu = mtu};
    default: return {.type = IcmpHeader::unreachable, .code = IcmpHeader::code_port};
  }
}

}  // namespace

void answer(Burst& burst, std::uint32_t i, Verdict verdict, net::Ipv4Address source, std::uint16_t mtu,
            Context& context) noexcept {
  net::PacketView& packet = burst.packets[i];
  if (!net::may_answer(packet)) return burst.decide(i, Verdict::drop_unanswerable);
  if (!context.answers.take(context.now)) return burst.decide(i, Verdict::drop_answer_limited);
  const bool done = net::answer_with_icmp(packet, source, error_of(verdict, mtu));
  burst.decide(i, done ? verdict : Verdict::drop_no_headroom);
}

}  // namespace fairway::forward
