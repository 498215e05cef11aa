// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "net/address.hpp"

namespace fairway::control {

/// Whoever keeps neighbours resolved (the mirror of the kernel's, or a static list), as control asks it. Each address is
/// asked for once, however many servers have it.
class NeighbourKeeper {
 public:
  virtual ~NeighbourKeeper() = default;

  /// The way to this address is needed from now on, and until unwant().
  virtual void want(const net::Address& address) = 0;
  virtual void unwant(const net::Address& address) = 0;
};

}  // namespace fairway::control
