// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <span>
#include <utility>

#include "forward/advance.hpp"
#include "forward/find.hpp"
#include "forward/local.hpp"
#include "forward/next_hop.hpp"
#include "forward/open.hpp"
#include "forward/parse.hpp"
#include "forward/replies.hpp"
#include "forward/rewrite.hpp"
#include "forward/send.hpp"

namespace fairway::forward {

/// One packet's way, for a burst: afterwards each packet has one verdict, those to be transmitted and the answers are
/// finished, and the others are as they came. docs/life-of-a-packet.md tells it in words.
template <class Connections>
void run(Burst& burst, Connections& connections, Context& context) noexcept {
  parse(burst, context);              // headers → tuple; what is not for a director goes to the kernel
  find(burst, connections, context);  // one bulk lookup → connection, or a miss; one that is overdue or reused ends

  if (!burst.missed.empty()) {
    const Classified classified = classify(burst, context);  // misses → service, NAT reply, or the kernel's
    hand_over(burst, classified, context);                   // another worker's flow → its owner
    open(burst, classified, connections, context);           // scheduler → real server → connection
    uncount_kept(burst, context);                            // what a SYN ended counts no more
    take_replies(burst, classified, connections, context);   // servers' packets by way of the director
  }

  const std::span<const route::NextHop> hops = context.routes->next_hops;
  prefetch_next_hops(burst, hops, context);
  for (const std::uint32_t i : burst.undecided) {
    const Known known(burst, i);
    const route::NextHop* next_hop =
        find_next_hop(burst, known, hops, context);  // where it goes, and whether that is known
    if (!next_hop) continue;
    advance(burst, known, connections, context);  // state, timeout, statistics
    if (!next_hop->resolved)
      deliver_to_this_host(burst, i, context);           // the server is the director itself
    else if (rewrite(burst, known, *next_hop, context))  // TTL, MTU; NAT · DR · TUN
      send(burst, known, *next_hop);                     // link-layer header, port
  }
  burst.transmitted = std::exchange(burst.undecided, {});
}

/// The way of what Linux sends by a twin, while some server is the director itself: that server's replies are counted and
/// move its connections on, those of NAT leave from the virtual address; all else has the verdict to_kernel, which here is: to
/// be sent as the kernel sends it.
template <class Connections>
void run_from_kernel(Burst& burst, Connections& connections, Context& context) noexcept {
  parse_from_kernel(burst);
  find(burst, connections, context);
  uncount_kept(burst, context);
  leave_to_kernel(burst, connections, context);
  for (const std::uint32_t i : burst.undecided) {
    advance(burst, Known(burst, i), connections, context);
    translate_from_kernel(burst, i);
  }
  burst.transmitted = std::exchange(burst.undecided, {});
}

}  // namespace fairway::forward
