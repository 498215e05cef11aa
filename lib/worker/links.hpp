// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "dpdk/port.hpp"
#include "dpdk/ring.hpp"
#include "forward/context.hpp"
#include "worker/channel.hpp"
#include "worker/connection_table.hpp"
#include "worker/traffic_class.hpp"

/// What one worker is wired to.
namespace fairway::worker {

/// A receive queue that a worker polls.
struct Receive {
  dpdk::Port* port;
  net::PortId id;
  std::uint16_t queue;
};

/// How a worker sends through a port: by a queue of its own, or by handing packets to the worker that has one.
struct Transmit {
  dpdk::Port* port = nullptr;
  std::uint16_t queue = 0;
  unsigned via = 0;  // the worker whose queue it is
};

/// One worker's way to the twins' lane: a ring a class, so that a flood of one leaves the other free.
using LaneRings = std::array<dpdk::Ring*, traffic_class_count>;

struct Links {
  std::vector<Receive> receive;
  std::vector<Transmit> transmit;           // by PortId
  std::vector<bool> has_twin;               // by PortId
  std::vector<dpdk::Faces> faces;           // by PortId
  std::vector<net::PortId> port_of_device;  // by DPDK's port number
  std::vector<dpdk::Ring*> hand_over_to;    // by worker; null for itself
  std::vector<dpdk::Ring*> hand_over_from;
  std::vector<dpdk::Ring*> transmit_via;  // by worker: packets for it to transmit; null for itself
  std::vector<dpdk::Ring*> transmit_for;  // packets that others have for this worker to transmit
  std::vector<dpdk::Ring*> from_kernel;   // likewise the twins' lane; of one worker only
  LaneRings to_kernel{};
};

/// What all workers share. Control writes, they read.
struct Shared {
  const service::Table& services;
  const service::ServerStatus* statuses;
  conn::Templates& templates;  // workers write too
  std::atomic<const route::Snapshot*> routes;
  std::atomic<bool> open = false;  // workers receive packets; before that they only follow changes
  std::atomic<bool> stop = false;
  int lane_descriptor = -1;              // an eventfd that wakes the twins' lane
  std::atomic<bool> lane_asleep = true;  // the lane writes
  int control_descriptor = -1;           // an eventfd: some worker asks for a neighbour
};

}  // namespace fairway::worker
