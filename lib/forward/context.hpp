// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

#include "base/random.hpp"
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
class AnswerLimit {
 public:
  static constexpr std::uint32_t per_second = 1000, burst = 50;

  bool take(base::Stamp now) noexcept {
    const std::uint32_t passed = base::elapsed(last_, now);
    if (passed > 0) {
      const std::uint64_t earned = tokens_ + std::uint64_t{passed} * per_second / 1000;
      tokens_ = earned < burst ? static_cast<std::uint32_t>(earned) : burst;
      last_ = now;
    }
    if (tokens_ == 0) return false;
    --tokens_;
    return true;
  }

 private:
  base::Stamp last_;
  std::uint32_t tokens_ = burst;
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
