// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <vector>

#include "control/director.hpp"
#include "dpdk/clock.hpp"
#include "fairway-bench/flows.hpp"
#include "forward/context.hpp"
#include "worker/connection_table.hpp"

namespace fairway::bench {

/// What surrounds the pipeline in a director: services and servers, routes, the connection tables.
class Bed {
 public:
  /// Memory for the tables, in bytes of EAL's.
  static std::size_t table_bytes(const Plan& plan);

  static base::Result<std::unique_ptr<Bed>> create(const Plan& plan);

  worker::Connections& connections(unsigned worker = 0) { return seats_[worker]->table.connections; }
  forward::Context& context(unsigned worker = 0) { return seats_[worker]->context; }
  unsigned workers() const { return plan_.workers; }
  /// Of all workers' tables.
  std::uint32_t places() const { return plan_.workers * places_of_a_worker_; }
  net::PortId port_in(bool is_reply) const { return is_reply ? inside : outside; }
  /// Connections that are there, and that have run out, over all workers.
  std::uint64_t connections_now();
  std::uint64_t expired();

 private:
  static constexpr net::PortId outside{0}, inside{1};

  /// All neighbours are known.
  struct Neighbours : control::NeighbourKeeper {
    void want(const net::Address&) override {}
    void unwant(const net::Address&) override {}
  };
  /// One worker's own.
  struct Seat {
    worker::ConnectionTable table;
    forward::Context context;
  };

  explicit Bed(const Plan& plan);

  base::Result<void> add_services();
  void publish_routes();
  base::Result<void> add_seat(unsigned worker);

  Plan plan_;
  std::uint32_t places_of_a_worker_;
  worker::Crew crew_;
  Neighbours neighbours_;
  control::Director director_{crew_, neighbours_};
  std::shared_ptr<route::Snapshot> routes_ = std::make_shared<route::Snapshot>();
  std::vector<std::unique_ptr<Seat>> seats_;
};

}  // namespace fairway::bench
