// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <vector>

#include "conn/table.hpp"
#include "net/tuple.hpp"

namespace fairway::tests {

using Connections = conn::Table;

/// Room for one table.
class Entries {
 public:
  explicit Entries(std::size_t count)
      : hot_(count), cold_(count), free_(count), buckets_(conn::Index::buckets_for(conn::keys_for(count))) {}
  conn::Storage storage() { return {.hot = hot_, .cold = cold_, .free = free_, .buckets = buckets_}; }

 private:
  std::vector<conn::Hot> hot_;
  std::vector<conn::Cold> cold_;
  std::vector<std::uint32_t> free_;
  std::vector<conn::Index::Bucket> buckets_;
};

/// A table for so many connections in room of the caller's.
inline Connections make_connections(Entries& entries, service::ServerLine* lines, base::Stamp now) {
  return {entries.storage(),
          {{0x9e3779b97f4a7c15u, 0xff51afd7ed558ccdu, 0xc4ceb9fe1a85ec53u, 0xd6e8feb86659fd93u}},
          lines,
          {},
          now};
}

}  // namespace fairway::tests
