// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.hpp"
#include "worker/traffic_class.hpp"

/// What control cannot see by itself and is told by the program when somebody asks.
namespace fairway::control::http {

/// Of one class of packets that went over a twin's lane one way.
struct LaneReport {
  std::uint64_t packets = 0;
  std::uint64_t capped = 0;  // over the allowed rate
  std::uint64_t lost = 0;    // no room at the other end
};
using LaneReports = std::array<LaneReport, worker::traffic_class_count>;

struct PortReport {
  std::string name;
  std::string device;            // as the configuration has it
  std::string driver;            // DPDK's
  std::string kernel_interface;  // the twin; empty: none
  net::MacAddress mac{};
  bool link = false;
  std::uint16_t mtu = 0;               // bytes
  std::uint16_t queues = 0;            // receive queues
  std::string_view steering = "none";  // by what the device spreads packets over them
  std::uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0;
  std::uint64_t rx_missed = 0;  // the queue was full
  std::uint64_t tx_errors = 0;
  LaneReports to_kernel{}, from_kernel{};
};

struct NeighbourReport {
  net::Address address;
  std::string port;                    // its name
  std::uint16_t vlan = 0;              // 0: untagged
  std::optional<net::MacAddress> mac;  // none while it is not resolved
  std::string state;                   // the kernel's word ("reachable"), or "static"
};

}  // namespace fairway::control::http
