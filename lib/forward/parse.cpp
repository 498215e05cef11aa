// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/parse.hpp"

#include <algorithm>

#include "net/parse.hpp"

namespace fairway::forward {
namespace {

bool may_have_a_mark(const net::Tuple4& tuple, const service::Table& services) noexcept {
  if ((services.specials() & service::Table::marks) == 0) return false;
  const auto& rules = services.mark_rules().rules();
  return std::any_of(rules.begin(), rules.end(), [&](const service::MarkRule& rule) {
    return rule.matches_without_ports(tuple) && services.find_mark(rule.mark, net::Family::ipv4);
  });
}

/// A fragment has no service ports, so only its addresses tell whether it is the director's or the kernel's.
Verdict verdict_of_fragment(const net::PacketView& packet, const Context& context) noexcept {
  const bool concerns_services = context.services.concerns(packet.tuple.destination) ||
                                 context.services.concerns(packet.tuple.source) ||
                                 may_have_a_mark(packet.tuple, context.services);
  return concerns_services ? Verdict::drop_fragment : Verdict::to_kernel;
}

Verdict verdict_of(net::Parsed parsed, const net::PacketView& packet, const Context& context) noexcept {
  switch (parsed) {
    case net::Parsed::fragment: return verdict_of_fragment(packet, context);
    case net::Parsed::malformed: return Verdict::drop_malformed;
    case net::Parsed::bad_checksum: return Verdict::drop_bad_checksum;
    case net::Parsed::segmented: return Verdict::drop_segmented;
    default: return Verdict::to_kernel;
  }
}

/// Groups are the kernel's, and so is what a switch flooded here for another host: the kernel drops it. The packets of a
/// burst mostly came in by one port to one address, so that one answer is remembered.
class Addressed {
 public:
  explicit Addressed(const route::Snapshot& routes) : routes_(routes) {}

  bool to_director(const net::PacketView& packet) noexcept {
    const net::MacAddress& to = packet.ethernet()->destination;
    const std::uint64_t asked = to.number() | std::uint64_t{packet.port.value} << 48;
    if (asked == accepted_) return true;
    if (to.is_group() || !routes_.accepts(packet.port, to)) return false;
    accepted_ = asked;
    return true;
  }

 private:
  const route::Snapshot& routes_;
  std::uint64_t accepted_ = ~std::uint64_t{0};  // the address, and above it the port, which is never that: none yet
};

}  // namespace

void parse(Burst& burst, const Context& context) noexcept {
  Addressed addressed(*context.routes);
  for (const std::uint32_t i : burst.undecided) {
    net::PacketView& packet = burst.packets[i];
    if (const net::Parsed parsed = net::parse(packet); parsed != net::Parsed::tuple)
      burst.decide(i, verdict_of(parsed, packet, context));
    else if (!addressed.to_director(packet))
      burst.decide(i, Verdict::to_kernel);
  }
}

}  // namespace fairway::forward
