// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <optional>

#include "control/director.hpp"
#include "dpdk/clock.hpp"
#include "fairway-bench/flows.hpp"
#include "forward/context.hpp"
#include "worker/connection_table.hpp"

namespace fairway::bench {

/// What surrounds the pipeline in a director of one worker: services and servers, routes, the connection table.
class Bed {
 public:
  /// Memory for the table that make_table() makes, in bytes of EAL's.
  static std::size_t table_bytes(const Plan& plan);

  static base::Result<std::unique_ptr<Bed>> create(const Plan& plan);

  worker::Connections& connections() { return table_->connections; }
  forward::Context& context() { return context_; }
  net::PortId port_in(bool is_reply) const { return is_reply ? inside : outside; }

 private:
  static constexpr net::PortId outside{0}, inside{1};

  /// All neighbours are known.
  struct Neighbours : control::NeighbourKeeper {
    void want(const net::Address&) override {}
    void unwant(const net::Address&) override {}
  };

  explicit Bed(const Plan& plan);

  base::Result<void> add_services();
  void publish_routes();

  Plan plan_;
  worker::Crew crew_{1};
  Neighbours neighbours_;
  control::Director director_{crew_, neighbours_};
  std::shared_ptr<route::Snapshot> routes_ = std::make_shared<route::Snapshot>();
  std::optional<worker::ConnectionTable> table_;
  forward::Context context_;
};

}  // namespace fairway::bench
