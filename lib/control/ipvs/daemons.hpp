// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <optional>
#include <string>

#include "control/ipvs/request.hpp"

namespace fairway::control::ipvs {

/// A connection synchronisation daemon as `ipvsadm --start-daemon` asks for it.
struct SyncDaemon {
  std::uint32_t state = 0;  // IP_VS_STATE_*
  std::string interface {};
  std::uint32_t sync_id = 0;
  std::uint16_t longest_message = 0;  // bytes of UDP payload
  net::Address group{};
  std::uint16_t port = 0;
  std::uint8_t ttl = 0;
};

/// Which of them were started. Connections are not synchronised yet: what is asked for is kept and shown, so that
/// keepalived and scripts find what they set.
class SyncDaemons {
 public:
  /// 0 or an error number: EEXIST it runs already, ENODEV there is no such interface, EINVAL something is missing.
  int start(const DaemonFields& fields);
  /// ESRCH: it does not run.
  int stop(const DaemonFields& fields);

  /// The master before the backup.
  std::vector<SyncDaemon> running() const;

 private:
  std::optional<SyncDaemon>* place(std::uint32_t state);

  std::optional<SyncDaemon> master_, backup_;
};

}  // namespace fairway::control::ipvs
