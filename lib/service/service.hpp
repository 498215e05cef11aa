// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "service/spec.hpp"

namespace fairway::sched {
class Scheduler;  // lies above this room, which only carries the pointer
}

namespace fairway::service {

using ServiceId = base::Id<struct ServiceTag>;
/// Lives while anything refers to the server and is found again when the server is added again (the kernel's trash).
using ServerId = base::Id<struct ServerTag>;

constexpr std::uint32_t max_servers = 1u << 20;  // over all services, those with leftover connections included
constexpr std::uint32_t no_server = max_servers;
/// FTP's control connections: a service of this port gets its clients' data connections to other ports, too.
constexpr net::ServicePort ftp_port{std::uint16_t{21}};

/// A server as the workers see it.
struct Server {
  ServerId id;
  net::Address address;
  net::ServicePort port;
  std::uint32_t weight = 1;
  std::uint32_t last_weight = 1;  // the latest that was more than 0 (ServerSpec::latest_weight)
  Forwarding forwarding = Forwarding::nat;
  std::uint32_t upper_threshold = 0, lower_threshold = 0;  // connections; 0: none. Workers go by ServerLimits
};

/// Up to so many servers are looked through one by one, which is quicker than any search.
constexpr std::size_t most_walked = 16;

/// The servers of one version by id: open addressing, at most half full.
class ServerIndex {
 public:
  explicit ServerIndex(const std::vector<Server>& servers)
      : places_(std::bit_ceil(2 * servers.size() + 1)), mask_(places_.size() - 1) {
    for (std::uint32_t place = 0; place < servers.size(); ++place) {
      std::size_t i = start_of(servers[place].id);
      while (places_[i] != 0) i = (i + 1) & mask_;
      places_[i] = place + 1;
    }
  }

  /// Null if it is not one of them. `servers` are those that this was made of.
  const Server* find(ServerId id, const std::vector<Server>& servers) const noexcept {
    for (std::size_t i = start_of(id); places_[i] != 0; i = (i + 1) & mask_)
      if (servers[places_[i] - 1].id == id) return &servers[places_[i] - 1];
    return nullptr;
  }

 private:
  std::size_t start_of(ServerId id) const noexcept { return (id.value * 0x9e3779b97f4a7c15u >> 32) & mask_; }

  std::vector<std::uint32_t> places_;  // one more than the place in the list; 0: nobody
  std::size_t mask_;
};

/// What a scheduler derives from a service's servers (gcd, hash tables). Made by control, never changed, but for the room
/// that it may have for each worker.
struct SchedulerTable {
  virtual ~SchedulerTable() = default;
};

/// What a scheduler remembers between two choices of one worker for one service. Written by that worker only, but for
/// what the scheduler itself says.
struct SchedulerState {
  virtual ~SchedulerState() = default;

  std::uint32_t watch_slot = 0;  // of the worker's Watch; 0: none yet
};

/// What lives as long as a service does, while versions of it come and go.
struct ServiceLife {
  std::vector<std::unique_ptr<SchedulerState>> states;  // by worker
};

/// One version of one service. Nothing in it changes; an edit makes a new one.
struct Service {
  ServiceId id;
  std::string name;
  ServiceKey key;
  const sched::Scheduler* scheduler = nullptr;
  SchedulerFlags scheduler_flags;
  Forwarding forwarding = Forwarding::nat;
  std::uint32_t persistence = 0;        // seconds
  std::uint8_t persistence_prefix = 0;  // bits of a client's address that count; 0: all
  bool one_packet = false;
  std::vector<Server> servers;               // the newest first, as in the kernel's list
  std::shared_ptr<const ServerIndex> index;  // of these servers, where there are many
  std::shared_ptr<const SchedulerTable> table;
  std::shared_ptr<ServiceLife> life;

  /// Null if it is not in this version.
  const Server* find(ServerId server) const noexcept {
    if (index) return index->find(server, servers);
    const auto found = std::find_if(servers.begin(), servers.end(), [&](const Server& it) { return it.id == server; });
    return found == servers.end() ? nullptr : &*found;
  }
  /// To be called when the servers of a version are complete, before any worker can see it.
  void index_servers() {
    index = servers.size() > most_walked ? std::make_shared<const ServerIndex>(servers) : nullptr;
  }
};

}  // namespace fairway::service
