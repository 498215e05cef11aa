// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/parse.hpp"

#include "net/parse.hpp"

namespace fairway::forward {
namespace {

/// A fragment has no service ports, so only its addresses tell whether it is the director's or the kernel's.
Verdict verdict_of_fragment(const net::PacketView& packet, const Context& context) noexcept {
  const bool concerns_services =
      context.services.concerns(packet.tuple.destination) || context.services.concerns(packet.tuple.source);
  return concerns_services ? Verdict::drop_fragment : Verdict::to_kernel;
}

}  // namespace

void parse(Burst& burst, const Context& context) noexcept {
  burst.undecided.each([&](std::uint32_t i) {
    net::PacketView& packet = burst.packets[i];
    switch (net::parse(packet)) {
      case net::Parsed::tuple: break;
      case net::Parsed::fragment: return burst.decide(i, verdict_of_fragment(packet, context));
      case net::Parsed::other: return burst.decide(i, Verdict::to_kernel);
      case net::Parsed::malformed: return burst.decide(i, Verdict::drop_malformed);
      case net::Parsed::bad_checksum: return burst.decide(i, Verdict::drop_bad_checksum);
      case net::Parsed::segmented: return burst.decide(i, Verdict::drop_segmented);
    }
    // Groups are the kernel's, and so is what a switch flooded here for another host: the kernel drops it.
    const net::MacAddress& to = packet.ethernet()->destination;
    if (to.is_group() || !context.routes->accepts(packet.port, to)) burst.decide(i, Verdict::to_kernel);
  });
}

}  // namespace fairway::forward
