// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "conn/entry.hpp"
#include "worker/channel.hpp"

namespace fairway::worker {

/// A connection as people and control see it.
inline ConnectionRow row_of(const conn::Hot& entry, base::Stamp now, unsigned worker) noexcept {
  const std::uint32_t idle = base::elapsed(entry.last_seen, now) / 1000;
  return {.protocol = entry.protocol,
          .client = entry.v4.client,
          .virtual_address = entry.v4.virtual_address,
          .server = entry.v4.server,
          .client_port = entry.client_port,
          .virtual_port = entry.virtual_port,
          .server_port = entry.server_port,
          .forwarding = entry.forwarding,
          .state = entry.state,
          .expires = entry.timeout > idle ? entry.timeout - idle : 0,
          .in_packets = entry.in_packets,
          .worker = worker};
}

}  // namespace fairway::worker
