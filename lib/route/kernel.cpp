// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "route/kernel.hpp"

#include <algorithm>

namespace fairway::route {
namespace {

Changes apply_to(KernelState& kernel, const LinkEvent& event) {
  const int index = event.link.index;
  if (event.gone) {
    const auto neighbours = std::erase_if(kernel.neighbours, [=](const auto& n) { return n.first.link == index; });
    std::erase_if(kernel.addresses, [=](const LinkAddress& address) { return address.link == index; });
    return {.routes = kernel.links.erase(index) > 0, .neighbours = neighbours > 0};
  }
  const auto [place, is_new] = kernel.links.try_emplace(index, event.link);
  if (!is_new && place->second == event.link) return {};
  place->second = event.link;
  return {.routes = true};
}

Changes apply_to(KernelState& kernel, const AddressEvent& event) {
  const auto same = std::ranges::find_if(kernel.addresses, [&](const LinkAddress& address) {
    return address.link == event.address.link && address.prefix == event.address.prefix;
  });
  if (same == kernel.addresses.end()) {
    if (event.gone) return {};
    kernel.addresses.push_back(event.address);
  } else if (event.gone) {
    kernel.addresses.erase(same);
  } else if (*same == event.address) {
    return {};
  } else {
    *same = event.address;
  }
  return {.routes = true};
}

Changes apply_to(KernelState&, const RouteEvent&) { return {.routes = true}; }

Changes apply_to(KernelState& kernel, const NeighbourEvent& event) {
  const auto& [key, neighbour] = event.entry;
  if (event.gone) return {.neighbours = kernel.neighbours.erase(key) > 0};
  const auto [place, is_new] = kernel.neighbours.try_emplace(key, neighbour);
  const bool changed = is_new || place->second.mac != neighbour.mac;
  place->second = neighbour;
  return {.neighbours = changed};
}

}  // namespace

Changes apply(KernelState& kernel, const Event& event) {
  return std::visit([&](const auto& which) { return apply_to(kernel, which); }, event);
}

std::string_view to_string(NeighbourState state) {
  switch (state) {
    case NeighbourState::none: return "NONE";
    case NeighbourState::incomplete: return "INCOMPLETE";
    case NeighbourState::reachable: return "REACHABLE";
    case NeighbourState::stale: return "STALE";
    case NeighbourState::delay: return "DELAY";
    case NeighbourState::probe: return "PROBE";
    case NeighbourState::failed: return "FAILED";
    case NeighbourState::no_arp: return "NOARP";
    case NeighbourState::permanent: return "PERMANENT";
  }
  return "UNKNOWN";
}

}  // namespace fairway::route
