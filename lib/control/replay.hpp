// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>
#include <unordered_map>

#include "base/result.hpp"
#include "control/command.hpp"
#include "control/inventory.hpp"

namespace fairway::control {

struct ServiceKeyHash {
  std::size_t operator()(const service::ServiceKey& key) const noexcept;
};

/// Carries out commands on a value, by the rules of the director and without one: what they would leave there.
class Replay {
 public:
  /// Error: the director would not have taken it either, in its words. Then nothing has changed.
  base::Result<void> apply(const Command& command);

  /// What all of them have made; then begins anew.
  Inventory take();

 private:
  using Spec = service::ServiceSpec;

  base::Result<void> carry_out(const AddService& command);
  base::Result<void> carry_out(const EditService& command);
  base::Result<void> carry_out(const DeleteService& command);
  base::Result<void> carry_out(const AddServer& command);
  base::Result<void> carry_out(const EditServer& command);
  base::Result<void> carry_out(const DeleteServer& command);
  base::Result<void> carry_out(const ZeroStatistics& command);
  base::Result<void> carry_out(const AddMark& command);
  base::Result<void> carry_out(const DeleteMark& command);
  base::Result<void> carry_out(const EditSettings& command);
  base::Result<void> carry_out(const StartSyncDaemon& command);
  base::Result<void> carry_out(const StopSyncDaemon& command);

  Spec* find(const service::ServiceKey& key);

  Inventory made_;                             // without its services
  std::vector<std::optional<Spec>> services_;  // deleted ones leave their place empty
  std::unordered_map<service::ServiceKey, std::size_t, ServiceKeyHash> places_;
};

}  // namespace fairway::control
