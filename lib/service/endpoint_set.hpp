// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "service/directory.hpp"

namespace fairway::service {

/// Endpoints that services or servers have in common: one of them going must not take it away. Control writes, every
/// worker reads without waiting.
class EndpointSet {
 public:
  struct Uses {
    std::uint32_t count = 0;
  };
  using Retire = Directory<Uses>::Retire;

  EndpointSet(Retire retire, void* context) : directory_(retire, context), retire_(retire), context_(context) {}

  /// Any thread.
  bool contains(const Endpoint& endpoint) const noexcept { return directory_.find(endpoint) != nullptr; }

  /// Control only: one more has it.
  void acquire(const Endpoint& endpoint) {
    auto& uses = uses_[as_text(endpoint)];
    if (!uses) {
      uses = std::make_unique<Uses>();
      directory_.put(endpoint, uses.get());
    }
    ++uses->count;
  }
  /// Control only: one less, if any has it.
  void release(const Endpoint& endpoint) {
    const auto found = uses_.find(as_text(endpoint));
    if (found == uses_.end() || --found->second->count > 0) return;
    directory_.remove(endpoint);
    retire_(context_, std::shared_ptr<const void>(std::move(found->second)));
    uses_.erase(found);
  }

 private:
  static std::string as_text(const Endpoint& endpoint) {
    return std::string(reinterpret_cast<const char*>(&endpoint), sizeof endpoint);
  }

  Directory<Uses> directory_;
  std::unordered_map<std::string, std::unique_ptr<Uses>> uses_;
  Retire retire_;
  void* context_;
};

}  // namespace fairway::service
