// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <rte_ethdev.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace fairway::dpdk {

/// Whose packets come in by a port: what a device must look at to find the client in them.
enum class Faces : std::uint8_t { both, clients, servers };

/// By what a device spreads packets over its receive queues.
enum class Steering : std::uint8_t {
  none,    // one queue, or the device does as it likes
  spread,  // its own hash of addresses and ports: flows stay together, but know nothing of workers
  owner,   // net::steering_hash of the client: each packet comes to the worker that owns its flow
};
std::string_view to_string(Steering steering);

/// How a device is told to spread packets.
struct SteeringPlan {
  Steering steering = Steering::none;
  std::uint64_t types = 0;        // RTE_ETH_RSS_*
  std::uint64_t offloads = 0;     // RTE_ETH_RX_OFFLOAD_*: it writes its hash beside each packet, which can be checked
  std::vector<std::uint8_t> key;  // empty: the device's own
  std::vector<std::uint16_t> queue_of;  // by entry of the redirection table; empty: as it is
};

/// What can be had of a device, the best first; `queues` are those to be used, of which queue q is polled by worker
/// q % workers. There is always at least one plan, for a device that may refuse all others.
std::vector<SteeringPlan> plan_steering(const rte_eth_dev_info& device, Faces faces, std::uint16_t queues,
                                        unsigned workers);

/// Writes the plan's redirection table to a started device. 0, or DPDK's number of the error.
int program_redirection(std::uint16_t port, const SteeringPlan& plan);

}  // namespace fairway::dpdk
