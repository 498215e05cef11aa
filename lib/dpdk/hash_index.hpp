// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <rte_hash.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.hpp"

namespace fairway::dpdk {

struct FreeHash {
  void operator()(rte_hash* table) const { rte_hash_free(table); }
};
using HashTable = std::unique_ptr<rte_hash, FreeHash>;

/// An empty rte_hash with extendable buckets, so that it takes `keys` keys however they collide, without locks.
base::Result<HashTable> create_hash_table(std::uint32_t keys, std::size_t key_bytes, int socket);
/// Bytes that such a table takes from EAL's memory.
std::size_t hash_table_bytes(std::uint32_t keys, std::size_t key_bytes);

/// A hash index from keys to references of 32 bits, over rte_hash: satisfies conn::Index. One thread uses it. The caller
/// computes the hashes and hands the same one in with the same key every time. An insert near the last tenth of the
/// capacity costs three times one into a half-empty index (keys are moved), so give it room.
template <class KeyType, class Reference>
class HashIndex {
 public:
  using Key = KeyType;
  static_assert(sizeof(Reference) == sizeof(std::uint32_t));
  static constexpr std::uint32_t largest_burst = 64;  // RTE_HASH_LOOKUP_BULK_MAX

  /// Room for `keys` keys, at least 8 and at most 2^30, on a NUMA node (-1: any).
  static base::Result<HashIndex> create(std::uint32_t keys, int socket) {
    auto table = create_hash_table(keys, sizeof(Key), socket);
    if (!table) return table.error();
    return HashIndex(std::move(*table));
  }
  static std::size_t bytes_for(std::uint32_t keys) { return hash_table_bytes(keys, sizeof(Key)); }

  /// Looks up `count` keys; returns the set of those found, by bit, and fills only their places of `found`.
  std::uint64_t find_burst(const Key* const* keys, const std::uint32_t* hashes, std::uint32_t count,
                           Reference* found) noexcept {
    std::uint64_t hits = 0;
    void* data[largest_burst];
    // rte_hash takes arrays that may be written, and writes to neither.
    rte_hash_lookup_with_hash_bulk_data(table_.get(),
                                        const_cast<const void**>(reinterpret_cast<const void* const*>(keys)),
                                        const_cast<hash_sig_t*>(hashes), count, &hits, data);
    for (std::uint64_t rest = hits; rest != 0; rest &= rest - 1) {
      const int i = std::countr_zero(rest);
      found[i] = unpack(data[i]);
    }
    return hits;
  }

  std::optional<Reference> find(const Key& key, std::uint32_t hash) noexcept {
    void* data = nullptr;
    if (rte_hash_lookup_with_hash_data(table_.get(), &key, hash, &data) < 0) return std::nullopt;
    return unpack(data);
  }

  /// The key must not be there: rte_hash would overwrite what it refers to. False: the index is full.
  bool insert(const Key& key, std::uint32_t hash, Reference reference) noexcept {
    return rte_hash_add_key_with_hash_data(table_.get(), &key, hash, pack(reference)) == 0;
  }

  /// False if the key is not there.
  bool erase(const Key& key, std::uint32_t hash) noexcept {
    return rte_hash_del_key_with_hash(table_.get(), &key, hash) >= 0;
  }

  std::size_t size() const noexcept { return static_cast<std::size_t>(rte_hash_count(table_.get())); }

 private:
  explicit HashIndex(HashTable table) : table_(std::move(table)) {}

  // The reference itself stands where rte_hash keeps a pointer.
  static void* pack(Reference reference) {
    return reinterpret_cast<void*>(std::uintptr_t{std::bit_cast<std::uint32_t>(reference)});
  }
  static Reference unpack(void* data) {
    return std::bit_cast<Reference>(static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(data)));
  }

  HashTable table_;
};

}  // namespace fairway::dpdk
