// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "conn/table.hpp"
#include "net/tuple.hpp"

// The same tests run over two indexes: a std::unordered_map, and DPDK's rte_hash where this is defined.
#ifdef FAIRWAY_TEST_OVER_RTE_HASH
#include "dpdk/hash_index.hpp"
#include "support/eal.hpp"
#else
#include "support/map_index.hpp"
#endif

namespace fairway::tests {

#ifdef FAIRWAY_TEST_OVER_RTE_HASH
using Index4 = dpdk::HashIndex<net::Tuple4, conn::Reference>;
using Index6 = dpdk::HashIndex<net::Tuple6, conn::Reference>;
template <class Index>
Index make_index(std::size_t keys) {
  eal();
  return std::move(Index::create(static_cast<std::uint32_t>(keys), -1).value());
}
#else
using Index4 = MapIndex<net::Tuple4>;
using Index6 = MapIndex<net::Tuple6>;
template <class Index>
Index make_index(std::size_t keys) {
  return Index(keys);
}
#endif
using Connections = conn::Table<Index4, Index6>;

/// Room for the entries of one table.
class Entries {
 public:
  explicit Entries(std::size_t count) : hot_(count), cold_(count), free_(count) {}
  conn::Storage storage() { return {.hot = hot_, .cold = cold_, .free = free_}; }

 private:
  std::vector<conn::Hot> hot_;
  std::vector<conn::Cold> cold_;
  std::vector<std::uint32_t> free_;
};

/// A table for so many connections over entries of the caller's.
inline Connections make_connections(Entries& entries, service::ServerLine* lines, base::Stamp now) {
  const std::size_t keys = 3 * entries.storage().hot.size() + 8;
  return {entries.storage(),
          make_index<Index4>(keys),
          make_index<Index6>(8),
          {{0x9e3779b97f4a7c15u, 0xff51afd7ed558ccdu, 0xc4ceb9fe1a85ec53u, 0xd6e8feb86659fd93u}},
          lines,
          {},
          now};
}

}  // namespace fairway::tests
