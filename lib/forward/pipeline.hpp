// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

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
  parse(burst, context);                 // headers → tuple; what is not for a director goes to the kernel
  look_up(burst, connections, context);  // one bulk lookup → connection, or a miss
  expire(burst, connections, context);   // overdue, or reused by a SYN → ended, a miss

  if (!burst.missed.empty()) {
    const Classified classified = classify(burst, context);  // misses → service, NAT reply, or the kernel's
    hand_over(burst, classified, context);                   // another worker's flow → its owner
    open(burst, classified, connections, context);           // scheduler → real server → connection
    uncount_kept(burst, context);                            // what a SYN ended counts no more
    take_replies(burst, classified, connections, context);   // servers' packets by way of the director
  }

  find_next_hops(burst, context);                                          // where it goes, and whether that is known
  advance(burst, connections, context);                                    // states, timeouts, statistics
  if (!burst.for_this_host.empty()) deliver_to_this_host(burst, context);  // the server is the director itself
  rewrite(burst, context);                                                 // TTL, MTU; NAT · DR · TUN
  send(burst);                                                             // link-layer header, port
}

/// The way of what Linux sends by a twin, while some server is the director itself: that server's replies are counted and
/// move its connections on, those of NAT leave from the virtual address; all else has the verdict to_kernel, which here is: to
/// be sent as the kernel sends it.
template <class Connections>
void run_from_kernel(Burst& burst, Connections& connections, Context& context) noexcept {
  parse_from_kernel(burst);
  look_up(burst, connections, context);
  expire(burst, connections, context);
  uncount_kept(burst, context);
  leave_to_kernel(burst, connections, context);
  advance(burst, connections, context);
  translate_from_kernel(burst);
}

}  // namespace fairway::forward
