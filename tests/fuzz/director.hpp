// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <vector>

#include "conn/templates.hpp"
#include "forward/pipeline.hpp"
#include "forward/upkeep.hpp"
#include "frames.hpp"
#include "support/connections.hpp"
#include "support/services.hpp"
#include "support/site.hpp"

namespace fairway::fuzz {

/// A worker between the hosts of the tests' site, which plays what the input says: packets on both sides in bursts, time,
/// edits of services, settings and neighbours. What must hold of every packet and of the connection table is checked after
/// every burst; a breach ends the program.
class Director {
 public:
  explicit Director(Input& input);
  /// To the input's end.
  void play();
  /// Time passes until nothing may be left.
  void finish();

 private:
  static constexpr std::uint32_t capacity = 48;
  /// A packet in a heap block of its own, which ends where the packet ends.
  struct Received {
    Bytes sent;
    std::unique_ptr<std::uint8_t[]> memory;
    std::size_t size;
    net::PacketView view;
  };

  void step();
  void receive(net::PortId in);
  void run_burst();
  void pass(std::uint32_t milliseconds);
  void add_service(const service::ServiceSpec& spec);
  void add_special_services();
  void edit_servers();
  void edit_service();
  void edit_settings();
  void edit_next_hop();

  void check_packet(std::uint32_t i) const;
  void check_transmitted(const Received& packet, const net::PacketView& view) const;
  void check_table();

  Input& input_;
  route::Snapshot routes_ = tests::site::routes();
  tests::Services services_;
  tests::Entries entries_{capacity};
  base::Stamp now_{0xffff0000u};  // the clock wraps in a minute
  conn::Templates templates_;
  conn::Templates::Share template_share_;
  tests::Connections connections_;
  forward::Context context_;
  forward::Upkeep upkeep_;
  forward::Burst burst_;
  std::vector<Received> received_;
  std::vector<service::ServiceKey> keys_;
};

}  // namespace fairway::fuzz
