// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "conn/table.hpp"
#include "dpdk/memory.hpp"

namespace fairway::worker {

using Connections = conn::Table;

/// The secret of a table's hash, from the kernel.
base::Result<conn::HashKey> draw_hash_key();

/// Connections that one worker's table has room for.
struct TableSize {
  std::uint32_t ipv4 = 0;
  std::uint32_t ipv6 = 0;
};

/// Bytes of DPDK's memory that tables take.
struct TableMemory {
  std::size_t entries = 0;
  std::size_t index = 0;

  std::size_t total() const { return entries + index; }
};
TableMemory table_memory(const TableSize& size);

/// Where one worker's table lies.
struct TableStorage {
  dpdk::Array<conn::Hot> hot;
  dpdk::Array<conn::Cold> cold;
  dpdk::Array<std::uint32_t> free;
  dpdk::Array<conn::Index::Bucket> buckets;
};

/// One worker's table; the storage must outlive the connections.
struct ConnectionTable {
  TableStorage storage;
  Connections connections;
};

/// On the worker's NUMA node, with a hash key drawn now. Errors: no memory.
base::Result<ConnectionTable> make_connection_table(const TableSize& size, int socket, service::ServerLine* lines,
                                                    base::Stamp now);

}  // namespace fairway::worker
