// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/context.hpp"

namespace fairway::forward {

/// What the misses of a burst are: packets to a service (and which), or what servers send: from the endpoint of a NAT real
/// server, or, of DR and TUN, from that of a service.
struct Classified {
  PacketSet to_service;
  PacketSet from_server;
  std::array<const service::Service*, burst_size> services;  // of those to_service
};

/// Whose service a packet with this tuple is; null: none.
const service::Service* find_service(const net::Tuple4& tuple, const service::Table& services) noexcept;

/// Sorts the misses; those that are neither go to the kernel.
Classified classify(Burst& burst, const Context& context) noexcept;

/// Misses whose flow another worker owns get the verdict to_other_worker and that worker's number.
void hand_over(Burst& burst, const Classified& classified, const Context& context) noexcept;

}  // namespace fairway::forward
