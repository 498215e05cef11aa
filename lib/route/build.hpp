// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "route/hop_ids.hpp"
#include "route/kernel.hpp"
#include "route/layout.hpp"
#include "route/snapshot.hpp"

namespace fairway::route {

/// Makes snapshots of what the configuration and the kernel say. It asks nobody for anything, so that it can be tested
/// without a kernel. An id that it has given for a next hop stays that next hop's from snapshot to snapshot.
class Builder {
 public:
  explicit Builder(std::vector<PortSettings> ports);

  /// Takes over links, addresses and routes. To be called when one of them has changed, before build().
  void take_routes(const KernelState& kernel);

  /// The snapshot for these neighbours and `wanted` ones, which are known to find() before they are resolved. The same as
  /// before if nothing has changed.
  std::shared_ptr<const Snapshot> build(const KernelState& kernel, const std::set<Target>& wanted, base::Stamp now);

  /// Whose MAC is needed to send to this destination. Nothing if there is no route, or it is the director itself.
  std::optional<Target> target_of(const net::Address& destination) const;
  /// The next hop to this destination, by the routes taken last; one on the link gets an id if it has none yet. It may be
  /// newer than the last snapshot, where it is not resolved then.
  NextHopId next_hop_to(const net::Address& destination);

  const Layout& layout() const { return layout_; }
  const std::set<Target>& gateways() const { return gateways_; }
  const std::vector<PortSettings>& ports() const { return ports_; }
  /// The MACs that the configuration gives.
  using StaticNeighbours = std::unordered_map<Target, net::MacAddress, TargetHash>;
  const StaticNeighbours& static_neighbours() const { return static_neighbours_; }

 private:
  using Macs = std::unordered_map<Target, std::optional<net::MacAddress>, TargetHash>;

  std::vector<Route> static_routes();
  std::optional<Route> translate(const KernelRoute& route);
  std::optional<Path> translate(const RouteHop& hop, const KernelRoute& route);
  Path path_by(const Target& gateway, std::uint16_t mtu, const std::optional<net::Address>& source);
  Macs known_neighbours(const KernelState& kernel, const std::set<Target>& wanted) const;
  bool is_this_host(const net::Address& address) const;
  bool update_on_link(Snapshot& next, const Macs& macs);
  std::vector<NextHop> make_hops(const Macs& macs, base::Stamp now);
  NextHop make_hop(const HopKey& key, const std::optional<net::MacAddress>& mac) const;

  std::vector<PortSettings> ports_;
  StaticNeighbours static_neighbours_;
  Layout layout_;
  HopIds ids_;
  std::set<Target> gateways_;
  std::vector<Route> routes_;
  std::vector<Route> local_;  // to the director itself
  std::unordered_map<Target, NextHopId, TargetHash> on_link_;
  Snapshot working_;  // the newest routes; what the next snapshot starts from
  bool routes_changed_ = true;
  bool local_changed_ = false;
  std::set<Target> wanted_;
  std::shared_ptr<const Snapshot> current_;
};

}  // namespace fairway::route
