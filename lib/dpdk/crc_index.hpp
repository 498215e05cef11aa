// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <rte_hash.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/result.hpp"

namespace fairway::dpdk {

struct FreeHash {
  void operator()(rte_hash* table) const { rte_hash_free(table); }
};
using HashTable = std::unique_ptr<rte_hash, FreeHash>;

/// An empty rte_hash that hashes its keys by CRC32C, with extendable buckets, so that it takes `keys` keys however they
/// collide, without locks.
base::Result<HashTable> create_crc_hash_table(std::uint32_t keys, std::size_t key_bytes, int socket);
/// Bytes that such a table takes from EAL's memory.
std::size_t hash_table_bytes(std::uint32_t keys, std::size_t key_bytes);

/// rte_hash as it comes: keys to pointers, hashed by CRC32C. What benchmarks compare the connection table with; whoever
/// chooses the keys can make many of them fall into one bucket, so the data path has conn::Index and a keyed hash.
template <class Key>
class CrcIndex {
 public:
  static base::Result<CrcIndex> create(std::uint32_t keys, int socket) {
    auto table = create_crc_hash_table(keys, sizeof(Key), socket);
    if (!table) return table.error();
    return CrcIndex(std::move(*table));
  }
  static std::size_t bytes_for(std::uint32_t keys) { return hash_table_bytes(keys, sizeof(Key)); }

  /// Looks up `count` keys, at most 64; returns the set of those found, by bit, and fills only their places of `found`.
  std::uint64_t find_burst(const Key* const* keys, std::uint32_t count, void** found) noexcept {
    std::uint64_t hits = 0;
    rte_hash_lookup_bulk_data(table_.get(), const_cast<const void**>(reinterpret_cast<const void* const*>(keys)), count,
                              &hits, found);
    return hits;
  }

  /// False: the table is full.
  bool insert(const Key& key, void* data) noexcept { return rte_hash_add_key_data(table_.get(), &key, data) == 0; }
  void erase(const Key& key) noexcept { rte_hash_del_key(table_.get(), &key); }

 private:
  explicit CrcIndex(HashTable table) : table_(std::move(table)) {}

  HashTable table_;
};

}  // namespace fairway::dpdk
