// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/ring.hpp"

#include <rte_errno.h>

#include <string>

#include "dpdk/names.hpp"

namespace fairway::dpdk {

base::Result<Ring> Ring::create(std::uint32_t packets, int socket) {
  const std::string name = unique_name("ring");
  rte_ring* ring = rte_ring_create(name.c_str(), packets, socket, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
  if (ring != nullptr) return Ring(ring);
  return base::Error{"cannot create a ring for " + std::to_string(packets) + " packets: " + rte_strerror(rte_errno)};
}

void Ring::Free::operator()(rte_ring* ring) const {
  void* packet = nullptr;
  while (rte_ring_sc_dequeue(ring, &packet) == 0) dpdk::free(static_cast<Packet*>(packet));
  rte_ring_free(ring);
}

}  // namespace fairway::dpdk
