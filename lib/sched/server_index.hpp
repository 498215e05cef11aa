// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <bit>
#include <vector>

#include "service/service.hpp"

namespace fairway::sched {

/// The servers of one version by id, for schedulers that remember ids: open addressing, at most half full.
class ServerIndex {
 public:
  explicit ServerIndex(const std::vector<service::Server>& servers)
      : places_(std::bit_ceil(2 * servers.size() + 1)), mask_(places_.size() - 1) {
    for (std::uint32_t place = 0; place < servers.size(); ++place) {
      std::size_t i = start_of(servers[place].id);
      while (places_[i] != 0) i = (i + 1) & mask_;
      places_[i] = place + 1;
    }
  }

  /// Null if the server is not in the service any more. `servers` are those that this was made of.
  const service::Server* find(service::ServerId id, const std::vector<service::Server>& servers) const noexcept {
    for (std::size_t i = start_of(id); places_[i] != 0; i = (i + 1) & mask_)
      if (servers[places_[i] - 1].id == id) return &servers[places_[i] - 1];
    return nullptr;
  }

 private:
  std::size_t start_of(service::ServerId id) const noexcept { return (id.value * 0x9e3779b97f4a7c15u >> 32) & mask_; }

  std::vector<std::uint32_t> places_;  // one more than the place in the list; 0: nobody
  std::size_t mask_;
};

}  // namespace fairway::sched
