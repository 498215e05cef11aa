// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "conn/templates.hpp"
#include "forward/pipeline.hpp"
#include "forward/upkeep.hpp"
#include "frames.hpp"
#include "services.hpp"
#include "support/connections.hpp"
#include "support/site.hpp"

namespace fairway::fuzz {

/// A packet in a heap block of its own, which ends where the packet ends.
struct Received {
  Frame sent;
  std::unique_ptr<std::uint8_t[]> memory;
  std::size_t size = 0;
  net::PacketView view;
};

/// A worker between the hosts of the tests' site, which plays what an input says: packets on both sides and from the
/// kernel in bursts, time, edits of services, settings, neighbours and addresses. What must hold of every packet
/// (check_packet.hpp) and of the connection table is checked after every burst; a breach ends the program. It is made once
/// for all inputs that have the same extras.
class Director {
 public:
  explicit Director(unsigned extras);

  /// From a clean start to the input's end, and on until no connection may be left. What became of the packets, as one
  /// number: the same of the same input, whatever was played before.
  std::uint64_t play(Input input, std::size_t scheduler, unsigned workers);

 private:
  static constexpr std::uint32_t capacity = 20;

  void begin(std::size_t scheduler, unsigned workers);
  void finish();
  void end();

  void step(Input& input);
  void receive(Input& input, Origin origin);
  void run_burst();
  void pass(std::uint32_t milliseconds);
  void edit_servers(Input& input);
  void edit_service(Input& input);
  void edit_settings(Input& input);
  void edit_routes(Input& input);

  void check_burst();
  void check_table();
  std::uint32_t templates_left();

  route::Snapshot first_routes_, routes_;
  Services services_;
  conn::Templates templates_;
  tests::Entries entries_{capacity};
  tests::Connections first_connections_;
  std::array<std::uint32_t, capacity> first_free_;

  // Anew for every input.
  base::Stamp now_;
  conn::Templates::Share template_share_{};
  tests::Connections connections_;  // a copy is quicker made than a new one
  std::optional<forward::Context> context_;
  forward::Upkeep upkeep_;
  std::uint64_t digest_ = 0;

  forward::Burst burst_;
  std::array<Received, forward::burst_size> received_;
  std::uint32_t received_count_ = 0;
  bool is_from_kernel_ = false;  // the burst in the making
};

}  // namespace fairway::fuzz
