// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "base/rate_cap.hpp"
#include "base/time.hpp"
#include "conn/templates.hpp"
#include "forward/burst.hpp"
#include "forward/defence.hpp"
#include "net/steering.hpp"
#include "route/snapshot.hpp"
#include "service/lines.hpp"
#include "service/table.hpp"
#include "service/watch.hpp"

namespace fairway::forward {

/// Limits the ICMP errors that a worker sends, as the kernel does (icmp_msgs_per_sec, icmp_msgs_burst).
struct AnswerLimit : base::RateCap {
  AnswerLimit() : RateCap(1000, 50) {}
};

/// What the stages need besides the packets and the connections. The worker fills the changing part before each burst.
struct Context {
  const service::Table& services;
  const service::ServerStatus* statuses;  // by server id; control writes
  service::ServerLine* lines;             // by server id; this worker writes
  service::Loads loads;
  service::ServerLimits* limits = nullptr;  // by server id, shared with the other workers; null: nobody has thresholds
  service::Watch* watch = nullptr;          // this worker's; null: choices look at all servers
  conn::Templates* templates = nullptr;     // shared with the other workers; needed by persistent services
  unsigned worker = 0;
  unsigned workers = 1;

  base::Stamp now;
  base::Random random{0};                   // the worker seeds it
  const route::Snapshot* routes = nullptr;  // valid during one burst
  AnswerLimit answers;
  Defence defence{};            // kept up by Upkeep
  std::uint16_t tunnel_id = 0;  // of outer headers that may be fragmented
};

/// The worker that owns a flow: a function of the client's address and port alone, for every method and direction, which
/// many devices can compute. It need not be secret: whoever chooses his ports to hit one worker does what he could do to
/// one receive queue.
inline unsigned owner_of(const net::Address& client, net::ServicePort port, unsigned workers) noexcept {
  return workers == 1 ? 0 : net::steered_to(net::steering_hash(client, port), workers);
}

}  // namespace fairway::forward
