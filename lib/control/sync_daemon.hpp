// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hpp"

namespace fairway::control {

enum class SyncRole : std::uint8_t { master, backup };

constexpr std::string_view to_string(SyncRole role) { return role == SyncRole::master ? "master" : "backup"; }
constexpr std::optional<SyncRole> parse_sync_role(std::string_view text) {
  for (const auto role : {SyncRole::master, SyncRole::backup})
    if (text == to_string(role)) return role;
  return std::nullopt;
}

/// A connection synchronisation daemon as `ipvsadm --start-daemon` asks for it. Connections are not synchronised yet: what is
/// asked for is kept and shown, so that keepalived and scripts find what they set.
struct SyncDaemon {
  SyncRole role = SyncRole::master;
  std::string interface {};
  std::uint32_t sync_id = 0;
  std::uint16_t longest_message = 0;  // bytes of UDP payload
  net::Address group{};
  std::uint16_t port = 0;
  std::uint8_t ttl = 0;

  bool operator==(const SyncDaemon&) const = default;
};

/// At most one of each role, the master before the backup.
using SyncDaemons = std::vector<SyncDaemon>;

inline const SyncDaemon* find(const SyncDaemons& daemons, SyncRole role) {
  const auto found = std::find_if(daemons.begin(), daemons.end(), [&](const auto& one) { return one.role == role; });
  return found == daemons.end() ? nullptr : &*found;
}

}  // namespace fairway::control
