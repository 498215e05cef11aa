// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "route/build.hpp"
#include "route/keeper.hpp"
#include "route/netlink.hpp"

namespace fairway::route {

/// A row of `fairwayctl show neighbours`.
struct NeighbourReport {
  net::Address address;
  std::string port;
  std::uint16_t vlan = no_vlan;
  std::optional<net::MacAddress> mac;
  std::string_view state;    // as iproute2 writes it; STATIC: from the configuration; NONE: the kernel has not told
  std::uint32_t wanted = 0;  // by how many want()ed addresses that are reached through it
};

/// Mirrors the kernel's links, addresses, routes and neighbours into snapshots for the workers, and keeps the neighbours
/// resolved that matter: gateways, and what control wants. One thread; nothing in it waits but for the kernel's own answers.
class Mirror {
 public:
  struct Callbacks {
    /// Called with every new snapshot, from within the calls below, the first from make(). Servers' next hops have to be
    /// looked up again when its wanted_generation has grown.
    std::function<void(std::shared_ptr<const Snapshot>)> publish;
    /// Called with what goes wrong while it runs, in words for the log. It may repeat.
    std::function<void(const std::string&)> complain;
  };

  /// The twins must be open and set up. A Mirror without twins needs no kernel.
  static base::Result<std::unique_ptr<Mirror>> make(std::vector<PortSettings> ports, Callbacks callbacks,
                                                    base::Stamp now);
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  /// To be waited for until it is readable; -1: there is nothing to wait for.
  int descriptor() const { return netlink_ ? netlink_->descriptor() : -1; }
  /// Neighbours' changes are published before it returns, all that waited in one snapshot.
  void on_readable();
  /// To be called ten times a second. Changes of routes are published by it, so no more often than that.
  void on_timer(base::Stamp now);

  /// The way to this address is needed until unwant(); calls are counted. Returns the next hop there, which may be newer
  /// than the last snapshot and unresolved. Publishes nothing: flush() does, after a batch of these.
  NextHopId want(const net::Address& address);
  void unwant(const net::Address& address);
  void flush();

  /// Packets wait for the neighbour of this address, which a worker has not found: asks the kernel for it, once.
  void resolve(const net::Address& address);

  /// To be told of the port's link as its driver sees it, as often as one likes. The twin's carrier follows it, if the
  /// port's settings say so. A port with an interface of Linux needs no telling: its link is followed as the kernel
  /// announces it.
  base::Result<void> set_link(net::PortId port, bool up);
  /// The link of the port's interface of Linux, down if that has gone. Nothing if the port has none.
  std::optional<bool> linux_link(net::PortId port) const;

  const Snapshot& current() const { return *published_; }
  /// By port, VLAN and address.
  std::vector<NeighbourReport> report() const;

 private:
  Mirror(std::vector<PortSettings> ports, Callbacks callbacks, base::Stamp now);

  base::Result<void> read_all();
  base::Result<void> read_routes();
  bool may_read_routes() const;
  void take(const Event& event);
  void follow_linux_links();
  void update_targets();
  std::optional<NeighbourKey> kernel_key(const Target& target) const;

  Callbacks callbacks_;
  Builder builder_;
  std::optional<Netlink> netlink_;  // none without twins
  std::optional<Keeper> keeper_;    // likewise
  KernelState kernel_;
  std::map<net::Address, std::uint32_t> wanted_;  // how often
  std::set<Target> targets_;                      // neighbours that matter
  std::shared_ptr<const Snapshot> published_;

  base::Stamp now_;
  base::Stamp routes_read_;
  bool lost_events_ = false;
  bool routes_stale_ = false;
  bool targets_stale_ = true;
  bool snapshot_stale_ = true;
};

}  // namespace fairway::route
