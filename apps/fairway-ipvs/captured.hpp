// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <stdint.h>

/// Netlink sockets of this process that carry the IPVS family, and so lead to the director now.
namespace fairway::bridge {

struct Captured {
  int descriptor;
  uint64_t inode;     // of the socket that lies over it: a descriptor that was closed unseen and used again has another
  uint32_t port;      // the netlink port that the program believes to have
  uint32_t sequence;  // of the last request
};

/// Whether this descriptor is one, and what is known of it. Costs a look at a few words where it is not.
bool find(int descriptor, Captured& found);
/// Remembers it, in the place of what was known of the descriptor. False: there are too many.
bool remember(const Captured& captured);
void forget(int descriptor);
/// Of the socket that a descriptor stands for; 0 if it is none.
uint64_t inode_of(int descriptor);

}  // namespace fairway::bridge
