// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "dpdk/eal.hpp"
#include "dpdk/pool.hpp"
#include "worker/connection_table.hpp"
#include "worker/lane.hpp"
#include "worker/worker.hpp"

namespace fairway::worker {

struct RuntimeSettings {
  IdleKind idle = IdleKind::wait;
  std::uint32_t connections = 1'000'000;  // room for IPv4 connections over all workers
  std::uint32_t connections_ipv6 = 0;
  std::uint32_t kernel_packets_per_second = 100'000;  // of each twin, each way, bulk only
};

/// Bytes of DPDK's memory that all workers' tables take.
TableMemory table_memory(const RuntimeSettings& settings, unsigned workers);
/// Connections of one worker: its share, and an eighth more where flows may spread unevenly.
std::uint32_t connections_of_worker(std::uint32_t connections, unsigned workers);
TableSize table_size(const RuntimeSettings& settings, unsigned workers);

/// A port as the runtime is given it. The twin's TAP is open; -1: no twin.
struct PortWiring {
  dpdk::Port* port;
  int twin_descriptor = -1;
  std::uint16_t twin_vlan = 0;  // the twin's frames travel in this VLAN; 0: as they are
};

/// The workers, their rings and the twins' lane: everything that carries packets. Built before anything runs.
class Runtime {
 public:
  static base::Result<std::unique_ptr<Runtime>> create(const RuntimeSettings& settings, dpdk::Eal& eal,
                                                       dpdk::Pool& pool, const std::vector<PortWiring>& ports,
                                                       Crew& crew, const service::Table& services,
                                                       const service::ServerStatus* statuses,
                                                       const route::Snapshot& routes);
  ~Runtime();

  /// Workers begin to follow changes; they receive nothing yet, so that the first packet finds all services.
  base::Result<void> start();
  /// From now on they receive.
  void open();
  /// Workers and lane end their loops; packets that they held are freed.
  void stop();

  /// Control only. The old one must be retired through the crew.
  void publish(const route::Snapshot& routes) { shared_.routes.store(&routes, std::memory_order_release); }
  /// Becomes readable when a worker asks for a neighbour (Channel::take_wanted).
  int control_descriptor() const { return shared_.control_descriptor; }
  const Lane& lane() const { return *lane_; }

 private:
  Runtime(const RuntimeSettings& settings, const conn::HashKey& template_key, dpdk::Eal& eal, Crew& crew,
          const service::Table& services, const service::ServerStatus* statuses, const route::Snapshot& routes);

  base::Result<void> make_rings();
  Links links_of(unsigned worker, const std::vector<PortWiring>& ports) const;
  void make_lane(const RuntimeSettings& settings, const std::vector<PortWiring>& ports, dpdk::Pool& pool);
  dpdk::Ring* ring(const std::vector<std::unique_ptr<dpdk::Ring>>& rings, unsigned from, unsigned to) const;

  dpdk::Eal& eal_;
  Crew& crew_;
  conn::Templates templates_;
  Shared shared_;
  std::vector<std::unique_ptr<dpdk::Ring>> hand_over_;  // [from * workers + to]; null on the diagonal
  std::vector<std::unique_ptr<dpdk::Ring>> transmit_;   // likewise
  std::vector<std::array<std::unique_ptr<dpdk::Ring>, traffic_class_count>> to_lane_;  // by worker
  std::array<std::unique_ptr<dpdk::Ring>, traffic_class_count> from_lane_;
  std::vector<TableStorage> tables_;  // by worker
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Lane> lane_;
};

}  // namespace fairway::worker
