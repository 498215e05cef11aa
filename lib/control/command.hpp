// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>
#include <string>
#include <variant>

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
  std::optional<std::uint32_t> persistence;                  // seconds
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
};

struct EditServer {
  service::ServiceKey service;
  net::Address address;
  net::ServicePort port;
  std::optional<std::uint32_t> weight;
  std::optional<service::Forwarding> forwarding;
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

using Command =
    std::variant<AddService, EditService, DeleteService, AddServer, EditServer, DeleteServer, ZeroStatistics>;

}  // namespace fairway::control
