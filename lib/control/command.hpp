// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "control/sync_daemon.hpp"
#include "service/marks.hpp"
#include "service/settings.hpp"
#include "service/spec.hpp"

/// What can be asked of a running director. YAML, fairwayctl and every later door make these same values.
namespace fairway::control {

struct AddService {
  service::ServiceSpec spec;  // its servers are added with it
};

/// What is not given stays as it is.
struct EditService {
  service::ServiceKey key;
  std::optional<std::string> name;
  std::optional<std::string> scheduler;
  std::optional<service::SchedulerFlags> scheduler_flags{};  // none, if not given with another scheduler
  std::optional<service::Forwarding> forwarding;             // of servers added later
  std::optional<std::uint32_t> persistence;                  // seconds; 0 takes the netmask away too
  std::optional<std::uint8_t> persistence_prefix{};
  std::optional<bool> one_packet{};
};

struct DeleteService {
  service::ServiceKey key;
};

struct AddServer {
  service::ServiceKey service;
  net::Address address;
  net::ServicePort port;
  std::uint32_t weight = 1;
  std::optional<service::Forwarding> forwarding;  // the service's if not given
  std::uint32_t upper_threshold = 0;
  std::uint32_t lower_threshold = 0;
  std::uint32_t last_weight = 0;  // with weight 0 only: the latest that was more
};

struct EditServer {
  service::ServiceKey service;
  net::Address address;
  net::ServicePort port;
  std::optional<std::uint32_t> weight;
  std::optional<service::Forwarding> forwarding;
  std::optional<std::uint32_t> upper_threshold{};
  std::optional<std::uint32_t> lower_threshold{};
  std::optional<std::uint32_t> last_weight{};  // if not given, what it had before a weight of 0
};

struct DeleteServer {
  service::ServiceKey service;
  net::Address address;
  net::ServicePort port;
};

/// What is shown as counted begins anew (`ipvsadm -Z`): of one service and its servers, or of all and the total.
struct ZeroStatistics {
  std::optional<service::ServiceKey> service;
};

/// A rule more. The first rule that matches a packet counts, so their order matters.
struct AddMark {
  service::MarkRule rule;
  std::optional<std::uint32_t> position;  // from 1; the rule that is there and those behind it move on. Else the last
};

/// Every rule of this mark goes that is like this one in all that this one says: one that only says the mark stands for
/// all of its rules. If exact, only the rule that says just this.
struct DeleteMark {
  service::MarkRule like;
  bool exact = false;
};

/// All of them, or none if one is refused.
struct EditSettings {
  struct Change {
    const service::SettingInfo* setting;
    std::uint32_t value;
  };
  std::vector<Change> changes;
};

struct StartSyncDaemon {
  SyncDaemon daemon;
};

struct StopSyncDaemon {
  SyncRole role = SyncRole::master;
};

using Command = std::variant<AddService, EditService, DeleteService, AddServer, EditServer, DeleteServer,
                             ZeroStatistics, AddMark, DeleteMark, EditSettings, StartSyncDaemon, StopSyncDaemon>;

}  // namespace fairway::control
