// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>

#include "conn/entry.hpp"
#include "conn/expiry.hpp"
#include "conn/templates.hpp"
#include "worker/channel.hpp"

namespace fairway::worker {

/// A connection as people and control see it.
inline ConnectionRow row_of(const conn::Hot& entry, base::Stamp now, unsigned worker) noexcept {
  return {.protocol = entry.protocol,
          .client = entry.v4.client,
          .virtual_address = entry.v4.virtual_address,
          .server = entry.v4.server,
          .client_port = entry.client_port,
          .virtual_port = entry.virtual_port,
          .server_port = entry.server_port,
          .forwarding = entry.forwarding,
          .state = entry.state,
          .expires = conn::seconds_left(entry.last_seen, entry.timeout, now),
          .in_packets = entry.in_packets,
          .worker = worker};
}

/// The kernel renames a template that binds nobody any more, but still has connections (ip_vs_check_template).
constexpr net::ServicePort replaced_port{std::uint16_t{0xffff}};

inline ConnectionRow row_of(const conn::TemplateRow& one, unsigned worker) noexcept {
  return {.protocol = one.key.protocol,
          .client = {one.key.family, one.key.client},
          .virtual_address = {one.key.family, one.key.virtual_address},
          .server = one.server,
          .client_port = {},
          .virtual_port = one.replaced ? replaced_port : one.key.virtual_port,
          .server_port = one.replaced ? replaced_port : one.server_port,
          .state = conn::State::none,
          .expires = one.expires,
          .worker = worker,
          .is_template = true,
          .assured = one.assured,
          .controls = one.connections};
}

/// Where templates of a worker's share may be: so many in each bucket.
inline std::uint32_t places_of(const conn::Templates::Share& share) noexcept {
  return (share.end - share.first) * static_cast<std::uint32_t>(conn::Templates::ways);
}

/// Lists the templates in at most `buckets` buckets of the share, from a place on. Returns the place to go on from.
inline std::uint32_t list_templates(ListConnections& question, conn::Templates& templates,
                                    const conn::Templates::Share& share, std::uint32_t place, std::uint32_t buckets,
                                    base::Stamp now, unsigned worker) noexcept {
  constexpr auto ways = static_cast<std::uint32_t>(conn::Templates::ways);
  const std::uint32_t end = std::min(places_of(share), place - place % ways + buckets * ways);
  while (place < end) {
    const std::uint32_t bucket = place / ways, first = place % ways;
    std::uint32_t seen = 0, next = first;
    bool is_whole = true;
    templates.list(share.first + bucket, 1, now, [&](const conn::TemplateRow& one) {
      if (seen++ < first) return;
      is_whole = is_whole && question.rows.size() < question.limit;
      if (!is_whole) return;
      question.rows.push_back(row_of(one, worker));
      next = seen;
    });
    if (!is_whole) return bucket * ways + next;
    place = (bucket + 1) * ways;
  }
  return place;
}

}  // namespace fairway::worker
