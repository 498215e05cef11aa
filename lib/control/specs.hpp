// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "sched/scheduler.hpp"
#include "service/service.hpp"

/// From services as they are back to what somebody would ask for to have them.
namespace fairway::control {

/// A service's own fields, without its servers.
inline service::ServiceSpec spec_of(const service::Service& service) {
  return {.name = service.name,
          .key = service.key,
          .scheduler = std::string(service.scheduler->name()),
          .scheduler_flags = service.scheduler_flags,
          .forwarding = service.forwarding,
          .persistence = service.persistence,
          .persistence_prefix = service.persistence_prefix,
          .one_packet = service.one_packet,
          .servers = {}};
}

inline service::ServerSpec spec_of(const service::Server& server) {
  return {.address = server.address,
          .port = server.port,
          .weight = server.weight,
          .forwarding = server.forwarding,
          .upper_threshold = server.upper_threshold,
          .lower_threshold = server.lower_threshold,
          .last_weight = server.weight > 0 ? 0 : server.last_weight};
}

}  // namespace fairway::control
