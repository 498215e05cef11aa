// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "control/neighbour_keeper.hpp"
#include "control/statistics.hpp"
#include "route/snapshot.hpp"
#include "service/lines.hpp"
#include "service/table.hpp"
#include "worker/channel.hpp"

namespace fairway::control {

/// A server's connections now, over all workers.
struct Connections {
  std::uint32_t active = 0;
  std::uint32_t inactive = 0;
  std::uint32_t persistent = 0;  // clients that are bound to it
};

/// What a server is known by: its address and service port within the service of this key. It stays the same server when
/// it, or its whole service, is deleted and added again, as in the kernel.
struct ServerName {
  service::ServiceKey service;
  net::Address address;
  net::ServicePort port;

  bool operator==(const ServerName&) const = default;
};

struct ServerNameHash {
  std::size_t operator()(const ServerName& name) const noexcept;
};

/// Every server that has an id: those in services, and the trash, that is, deleted ones that connections refer to or that
/// may yet come back. Control only. Writes the statuses that the workers read.
class Servers {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// A deleted server without connections is forgotten after this time, as in the kernel.
  static constexpr std::chrono::seconds time_in_trash{120};

  Servers(worker::Crew& crew, service::Table& table, NeighbourKeeper& neighbours);

  /// The id for a server that comes into a service: its old one, with its counts, if it is in the trash. It is available
  /// from then on. Error: all ids are taken.
  base::Result<service::ServerId> add(const ServerName& name, const service::ServerSpec& spec);
  /// Its forwarding method and thresholds are these from now on; old connections keep their method.
  void edit(service::ServerId id, const service::ServerSpec& spec);
  /// It is in this service now: what it counted in another, such as a deleted one of the same key, is shown no more.
  void serve(service::ServerId id, service::ServiceId service);
  /// Into the trash. It is unavailable at once, even to a worker that still has an older version of its service.
  void remove(service::ServerId id);

  /// To be called each minute: forgets what lay idle in the trash for long enough. Waits for the workers if it does.
  void sweep(Time now);
  /// From now on next hops are looked up in these routes; those of all servers at once, if the routes say that they may
  /// differ (Snapshot::wanted_generation).
  void routes_changed(std::shared_ptr<const route::Snapshot> routes);

  bool is_in_trash(const ServerName& name) const { return trash_.contains(name); }
  bool have_room_for(std::size_t count) const { return count <= unused_.size() + service::max_servers - known_.size(); }
  std::size_t count() const { return known_.size() - unused_.size(); }  // with the trash
  std::size_t count_in_trash() const { return trash_.size(); }

  /// All that it has ever counted.
  Statistics counted(service::ServerId id) const;
  /// What is shown: since its zero point.
  Statistics statistics(service::ServerId id) const { return known_[id.value].meter.since_zero(counted(id)); }
  Rates rates(service::ServerId id) const { return known_[id.value].meter.rates(); }
  void set_to_zero(service::ServerId id) { known_[id.value].meter.set_to_zero(counted(id)); }
  /// For the rates, every Estimator::period: counts of all servers that are in services.
  void tick_rates();
  Connections connections(service::ServerId id) const;
  bool is_overloaded(service::ServerId id) const { return crew_.loads().is_overloaded(id); }
  /// All that was ever counted, of all servers that there ever were.
  Statistics total() const;

  const service::ServerStatus* statuses() const { return statuses_.get(); }
  /// The latest; never null.
  const route::Snapshot& routes() const { return *routes_; }

 private:
  /// An address that available servers have.
  struct Wanted {
    std::uint32_t servers = 0;
    route::NextHopId next_hop;
  };
  using WantedByAddress = std::map<net::Address, Wanted>;

  struct Known {
    ServerName name;
    const Wanted* wanted = nullptr;  // null: in the trash, or the id is unused
    Meter meter{};
    std::optional<service::ServiceId> service{};  // whose it was last
    bool is_nat = false;                          // by the current version of its service
    bool is_nat_endpoint = false;                 // by the table; outlasts is_nat while there are connections
    bool is_local = false;                        // it is the director itself, and was counted as such
  };

  struct Deleted {
    service::ServerId id;
    std::optional<Time> idle_since;  // when a sweep first saw it without connections
  };

  std::optional<service::ServerId> take_id(const ServerName& name);
  const Wanted* want(const net::Address& address);
  void unwant(const net::Address& address);
  route::NextHopId find_next_hop(const net::Address& address) const;
  void publish_status(service::ServerId id);
  void set_nat(Known& server, bool is_nat);
  void drop_stale_nat_endpoints();
  void count_local(Known& server);
  void forget(const ServerName& name, service::ServerId id);
  bool is_idle(service::ServerId id) const;
  bool is_referred_to(service::ServerId id) const;

  worker::Crew& crew_;
  service::Table& table_;
  NeighbourKeeper& neighbours_;
  service::ServerStatuses statuses_ = service::make_server_statuses();
  std::shared_ptr<const route::Snapshot> routes_ = std::make_shared<route::Snapshot>();
  std::deque<Known> known_;                // by id
  std::vector<service::ServerId> unused_;  // ids below known_.size()
  std::unordered_map<ServerName, Deleted, ServerNameHash> trash_;
  WantedByAddress wanted_;
  int local_servers_ = 0;
  Statistics forgotten_;  // of servers whose id was freed
};

}  // namespace fairway::control
