// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "route/kernel.hpp"

namespace fairway::route {

/// How a neighbour is entered: kept resolved by the kernel for ever (Linux 5.16 and later), asked for once, or with a MAC
/// that the kernel never asks for.
enum class NeighbourUse : std::uint8_t { managed, once, permanent };

/// The kernel's neighbour table, to be written. Netlink is one.
class NeighbourTable {
 public:
  virtual ~NeighbourTable() = default;

  /// `mac` for a permanent one only. A resolved neighbour keeps its MAC and state when it becomes managed; to be asked for
  /// once takes that from it again.
  virtual base::Result<void> enter_neighbour(const NeighbourKey& key, NeighbourUse use,
                                             const net::MacAddress& mac = {}) = 0;
  virtual base::Result<void> delete_neighbour(const NeighbourKey& key) = 0;
  /// What the kernel has on this neighbour now. Error: nothing.
  virtual base::Result<Neighbour> neighbour(const NeighbourKey& key) = 0;

 protected:
  NeighbourTable() = default;
  NeighbourTable(const NeighbourTable&) = default;
  NeighbourTable(NeighbourTable&&) = default;
  NeighbourTable& operator=(const NeighbourTable&) = default;
  NeighbourTable& operator=(NeighbourTable&&) = default;
};

}  // namespace fairway::route
