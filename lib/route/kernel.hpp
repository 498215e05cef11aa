// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "net/address.hpp"
#include "route/snapshot.hpp"

/// What the kernel says of links, addresses, routes and neighbours, as plain values.
namespace fairway::route {

enum class LinkKind : std::uint8_t { other, vlan, macvlan };

struct Link {
  int index = 0;
  std::string name{};
  net::MacAddress mac{};
  std::uint32_t mtu = 0;  // bytes
  bool up = false;        // by its administrator
  bool carrier = false;
  LinkKind kind = LinkKind::other;
  int parent = 0;                // index of the link that a VLAN or macvlan stands on, in this namespace; 0: none
  std::uint16_t vlan = no_vlan;  // of kind vlan

  bool operator==(const Link&) const = default;
};

struct LinkAddress {
  int link = 0;
  net::Prefix prefix{};   // with the host part
  bool usable = true;     // false while duplicate detection runs or after it has failed
  bool is_global = true;  // its scope is not the link or the host

  bool operator==(const LinkAddress&) const = default;
};

struct RouteHop {
  int link = 0;
  std::optional<net::Address> gateway{};  // none: the destination is on the link
  std::uint32_t weight = 1;
  bool dead = false;  // the kernel does not use it now
};

/// A route of the main table, or one of the table local that leads to the director itself.
struct KernelRoute {
  net::Prefix destination{};
  std::uint32_t metric = 0;              // of routes with one destination the smallest counts
  std::optional<net::Address> source{};  // preferred by the route
  std::uint32_t mtu = 0;                 // bytes; 0: the link's
  std::vector<RouteHop> hops{};          // none: the route says that there is no way
  bool is_local = false;                 // to the director itself
};

struct NeighbourKey {
  int link = 0;
  net::Address address;

  bool operator==(const NeighbourKey&) const = default;
};

struct NeighbourKeyHash {
  std::size_t operator()(const NeighbourKey& key) const noexcept {
    return std::hash<net::Address>{}(key.address) ^ static_cast<std::size_t>(key.link) << 8;
  }
};

/// The kernel's states (NUD_*) of a neighbour.
enum class NeighbourState : std::uint16_t {
  none = 0x00,
  incomplete = 0x01,
  reachable = 0x02,
  stale = 0x04,
  delay = 0x08,
  probe = 0x10,
  failed = 0x20,
  no_arp = 0x40,
  permanent = 0x80,
};

struct Neighbour {
  std::optional<net::MacAddress> mac{};  // none while it is not resolved: incomplete and failed ones have none
  NeighbourState state = NeighbourState::none;
  bool managed = false;  // the kernel keeps it resolved by itself

  bool operator==(const Neighbour&) const = default;
};

using NeighbourEntry = std::pair<NeighbourKey, Neighbour>;

struct KernelState {
  std::map<int, Link> links;  // by index
  std::vector<LinkAddress> addresses;
  std::vector<KernelRoute> routes;
  std::unordered_map<NeighbourKey, Neighbour, NeighbourKeyHash> neighbours;
};

// What one message of the kernel says: this is so now, or (gone) is no more.
struct LinkEvent {
  Link link;
  bool gone = false;
};
struct AddressEvent {
  LinkAddress address;
  bool gone = false;
};
struct RouteEvent {
  KernelRoute route;
  bool gone = false;
};
struct NeighbourEvent {
  NeighbourEntry entry;
  bool gone = false;
};
using Event = std::variant<LinkEvent, AddressEvent, RouteEvent, NeighbourEvent>;

/// What an event may have changed.
struct Changes {
  bool routes = false;      // links, addresses or routes; routes have to be read anew
  bool neighbours = false;  // which there are, or their MACs: states come and go every half minute
};

/// Takes an event over into the state, but for routes: the kernel drops those of a link or address that went without a
/// word, and announces parts of multipath routes, so they are told of and read anew.
Changes apply(KernelState& kernel, const Event& event);

/// As iproute2 writes it: REACHABLE.
std::string_view to_string(NeighbourState state);

}  // namespace fairway::route
