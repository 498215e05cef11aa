// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/layout.hpp"

#include <algorithm>

namespace fairway::route {
namespace {

/// A twin can carry macvlans on VLANs, and not much more.
constexpr int deepest_stack = 4;

bool is_host_route(const net::Prefix& prefix) { return prefix.length == (prefix.address.is_v4() ? 32 : 128); }

std::uint16_t mtu_of(const Link& link, const PortSettings& port) {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(link.mtu ? link.mtu : port.mtu, port.mtu));
}

class LayoutMaker {
 public:
  LayoutMaker(const std::vector<PortSettings>& ports, const KernelState& kernel) : ports_(ports), kernel_(kernel) {}

  Layout make() {
    for (const PortSettings& port : ports_) add_port(port);
    for (const auto& [index, link] : kernel_.links)
      if (const auto segment = segment_of(link, deepest_stack)) add_link(link, *segment);
    add_addresses();
    return std::move(layout_);
  }

 private:
  const PortSettings& settings(net::PortId id) const { return *by_id_.at(id); }
  bool is_twin(const Link& link, const PortSettings& port) const {
    return !port.twin.empty() && link.name == port.twin;
  }

  void add_port(const PortSettings& port) {
    by_id_[port.id] = &port;
    if (layout_.ports.size() <= port.id.value) layout_.ports.resize(port.id.value + 1u);
    PortAddresses& entry = layout_.ports[port.id.value];
    entry.name = port.name;
    entry.macs = {port.mac};
    if (!port.twin.empty()) return;
    const Segment segment{port.id, port.vlan};
    layout_.segments[segment].mtu = port.mtu;
    for (const net::Prefix& prefix : port.addresses) add_address(segment, {.prefix = prefix});
  }

  /// Nothing if the link does not stand on a twin. A VLAN within a VLAN is none of ours: a next hop has room for one tag.
  std::optional<Segment> segment_of(const Link& link, int depth) const {
    for (const PortSettings& port : ports_)
      if (is_twin(link, port)) return Segment{port.id, port.vlan};
    if (depth == 0 || (link.kind != LinkKind::vlan && link.kind != LinkKind::macvlan)) return std::nullopt;
    const auto parent = kernel_.links.find(link.parent);
    if (parent == kernel_.links.end()) return std::nullopt;
    const auto below = segment_of(parent->second, depth - 1);
    if (!below || link.kind == LinkKind::macvlan) return below;
    if (below->vlan != no_vlan) return std::nullopt;
    return Segment{below->port, link.vlan};
  }

  void add_link(const Link& link, const Segment& segment) {
    const PortSettings& port = settings(segment.port);
    layout_.by_link.emplace(link.index, segment);
    SegmentInfo& info = layout_.segments[segment];
    if (link.kind != LinkKind::macvlan || info.link == 0) {
      info.link = link.index;
      info.mtu = mtu_of(link, port);
    }
    auto& macs = layout_.ports[segment.port.value].macs;
    if (std::ranges::find(macs, link.mac) == macs.end()) macs.push_back(link.mac);
  }

  /// Those of the twins themselves come first, so that a macvlan's VIP is no source address where there is another.
  void add_addresses() {
    for (const bool own : {true, false})
      for (const LinkAddress& address : kernel_.addresses) {
        const auto segment = layout_.by_link.find(address.link);
        if (segment == layout_.by_link.end() || !address.usable) continue;
        const bool is_own = is_twin(kernel_.links.at(address.link), settings(segment->second.port));
        if (is_own == own) add_address(segment->second, address);
      }
  }

  void add_address(const Segment& segment, const LinkAddress& address) {
    SegmentInfo& info = layout_.segments[segment];
    layout_.ports[segment.port.value].local.push_back(address.prefix.address);
    if (!address.is_global) return;
    if (!is_host_route(address.prefix)) info.subnets.push_back(address.prefix);
    for (auto* first : {&info.first, &layout_.first}) {
      auto& source = address.prefix.address.is_v4() ? first->ipv4 : first->ipv6;
      if (!source) source = address.prefix.address;
    }
  }

  const std::vector<PortSettings>& ports_;
  const KernelState& kernel_;
  std::map<net::PortId, const PortSettings*> by_id_;
  Layout layout_;
};

}  // namespace

std::optional<net::Address> Layout::source_towards(const Segment& segment, const net::Address& neighbour) const {
  const auto found = segments.find(segment);
  if (found == segments.end()) return std::nullopt;
  const SegmentInfo& info = found->second;
  for (const net::Prefix& subnet : info.subnets)
    if (subnet.contains(neighbour)) return subnet.address;
  if (neighbour.is_v4()) return info.first.ipv4 ? info.first.ipv4 : first.ipv4;
  return info.first.ipv6 ? info.first.ipv6 : first.ipv6;
}

Layout make_layout(const std::vector<PortSettings>& ports, const KernelState& kernel) {
  return LayoutMaker(ports, kernel).make();
}

}  // namespace fairway::route
