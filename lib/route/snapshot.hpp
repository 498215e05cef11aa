// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "net/packet.hpp"

namespace fairway::route {

/// Index of a next hop in the snapshot. An id keeps its meaning from one snapshot to the next, so servers and connections
/// keep ids and see a neighbour's change at once. 0 is no next hop.
using NextHopId = base::Id<struct NextHopTag>;
constexpr NextHopId no_next_hop{0};
/// In the place of a server's next hop: the server is the director itself. No snapshot has so many next hops, so whoever
/// looks it up finds one that is not resolved.
constexpr NextHopId this_host{0x7fffffffu};
/// Likewise: no server gets the packets, they go on to where they were sent to, by the routes.
constexpr NextHopId by_routes{0x7ffffffeu};

constexpr std::uint16_t no_vlan = 0;

/// Where a packet goes next: the port, the finished link-layer header, what fits.
struct alignas(64) NextHop {
  std::array<std::uint8_t, 18> header{};  // destination MAC, source MAC, [802.1Q tag,] EtherType of IPv4
  std::uint8_t header_length = 14;        // 14, or 18 with a tag
  bool resolved = false;                  // the neighbour's MAC is known
  net::PortId port{};
  std::uint16_t mtu = 1500;   // of IP packets, in bytes
  net::Ipv4Address source{};  // the director's own address towards it: outer source of TUN; 0.0.0.0: none
  net::Ipv6Address source6{};
  net::Address neighbour{};  // whose MAC it is (the gateway or the destination itself)

  bool operator==(const NextHop&) const = default;
};
static_assert(sizeof(NextHop) == 64, "one cache line a next hop");

/// Writes the link-layer header: without a tag if `vlan` is no_vlan. Does not mark the hop resolved.
void set_header(NextHop& hop, const net::MacAddress& destination, const net::MacAddress& source, std::uint16_t vlan);

/// One way of a route: a gateway, or the link itself.
struct Path {
  net::PortId port{};
  std::uint16_t vlan = no_vlan;
  bool on_link = true;       // the destination itself is the neighbour
  NextHopId gateway{};       // else this is
  std::uint32_t weight = 1;  // of a multipath route
  // What the route says of packets to neighbours on the link; a gateway's next hop has it in itself.
  std::uint16_t mtu = 0;  // bytes; 0: the link's
  std::optional<net::Address> source{};

  bool operator==(const Path&) const = default;
};

/// Without paths it says that there is no way (unreachable, or by an interface that is none of the director's).
struct Route {
  net::Prefix destination;
  std::vector<Path> paths;

  bool operator==(const Route&) const = default;
};

/// A port as Linux and the device have it.
struct PortAddresses {
  std::string name;
  std::vector<net::MacAddress> macs;  // its own first, then those of the twin's macvlan children (VRRP)
  std::vector<net::Address> local;    // addresses of the twin; the first IPv4 one answers for the director

  bool operator==(const PortAddresses&) const = default;
};

/// All that workers know of the way out. Immutable: a change makes a new one; workers load the pointer once per burst.
/// A copy shares the tables of routes and of neighbours on the link until one of the two is given others.
class Snapshot {
 public:
  std::uint64_t generation = 0;               // grows with every snapshot
  std::uint64_t routes_generation = 0;        // grows only when routes change: cached next hops must be looked up again
  std::uint64_t wanted_generation = 0;        // grows when find_server() may answer otherwise for a wanted address
  std::vector<NextHop> next_hops{NextHop{}};  // [0] is no next hop: never resolved
  std::vector<PortAddresses> ports;           // by PortId

  /// The next hop towards a destination, by the longest prefix; among a multipath route's paths by `flow_hash`. The id of
  /// an unresolved next hop, if the neighbour is known to be asked for; no_next_hop if there is no route, or the
  /// destination is on the link and has not been entered (ask the mirror for it then).
  NextHopId find(const net::Address& destination, std::uint32_t flow_hash) const noexcept;
  /// Likewise for a server, which may be the director itself: is_local(), or one of 127.0.0.0/8.
  NextHopId find_server(const net::Address& address, std::uint32_t flow_hash) const noexcept;
  /// The route's path that find() takes, or null.
  const Path* find_path(const net::Address& destination, std::uint32_t flow_hash) const noexcept;

  const NextHop& at(NextHopId id) const noexcept { return next_hops[id.value < next_hops.size() ? id.value : 0]; }

  /// True if the director has this address itself: on a twin, or by a route that Linux calls local, as each address of
  /// any link has one (a VIP on lo) and an administrator can give to whole networks.
  bool is_local(const net::Address& address) const noexcept;
  bool has_local_route(const net::Address& address) const noexcept;
  /// True if a frame to this MAC is for the director: a port's own or a macvlan child's. Groups are not looked up here.
  bool accepts(net::PortId port, const net::MacAddress& mac) const noexcept {
    if (port.value >= ports.size()) return false;
    for (const net::MacAddress& own : ports[port.value].macs)
      if (own == mac) return true;
    return false;
  }

  // Filled by the builder, searched by find.
  /// Replaces all routes. Host bits of destinations are ignored; of two with one prefix the first counts.
  void set_routes(std::vector<Route> routes);
  /// Likewise those that lead to the director itself; they have no paths.
  void set_local(std::vector<Route> routes);
  void set_on_link(net::PortId port, std::uint16_t vlan, const net::Address& neighbour, NextHopId id);
  /// Forgets every neighbour on the link.
  void clear_on_link();

 private:
  struct LinkKey {
    net::PortId port;
    std::uint16_t vlan;
    net::Address neighbour;
    bool operator==(const LinkKey&) const = default;
  };
  struct AddressHash {
    std::size_t operator()(const net::Address& address) const noexcept {
      std::uint64_t words[2];
      std::memcpy(words, &address.bytes, sizeof words);
      const std::uint64_t h = (words[0] ^ words[1] * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
      return h ^ h >> 32;
    }
  };
  struct LinkHash {
    std::size_t operator()(const LinkKey& key) const noexcept {
      return AddressHash{}(key.neighbour) + (std::size_t{key.port.value} << 16 | key.vlan);
    }
  };
  using ByNetwork = std::unordered_map<net::Address, Route, AddressHash>;  // network address, host bits zero
  using ByLength = std::vector<std::pair<std::uint8_t, ByNetwork>>;        // by prefix length, the longest first
  struct Routes {
    ByLength ipv4, ipv6;
  };
  using OnLink = std::unordered_map<LinkKey, NextHopId, LinkHash>;

  static std::shared_ptr<const Routes> tables_of(std::vector<Route> routes);
  static const Route* longest_match(const Routes& routes, const net::Address& destination) noexcept;

  std::shared_ptr<const Routes> routes_ = std::make_shared<Routes>();
  std::shared_ptr<const Routes> local_ = std::make_shared<Routes>();
  std::shared_ptr<OnLink> on_link_ = std::make_shared<OnLink>();  // changed only while no other snapshot shares it
};

}  // namespace fairway::route
