// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>

#include "sched/least.hpp"
#include "sched/server_index.hpp"

/// What lblc and lblcr have in common.
namespace fairway::sched {

struct LocalityTable final : service::SchedulerTable {
  explicit LocalityTable(const service::Service& service) : index(service.servers) {}

  ServerIndex index;
};

/// The server, if it is in the service still, by an id that was remembered.
inline const service::Server* find_server(const service::Service& service, service::ServerId id) noexcept {
  return static_cast<const LocalityTable&>(*service.table).index.find(id, service.servers);
}

/// A destination leaves its server when that one has more active connections than its weight while another has less than
/// half of its own.
inline bool should_leave(const Question& question, const service::Server& server) noexcept {
  if (question.loads.active(server.id) <= server.weight) return false;
  const auto& servers = question.service.servers;
  return std::any_of(servers.begin(), servers.end(), [&](const service::Server& other) {
    return 2 * std::uint64_t{question.loads.active(other.id)} < other.weight;
  });
}

}  // namespace fairway::sched
