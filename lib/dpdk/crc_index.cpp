// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/crc_index.hpp"

#include <rte_errno.h>
#include <rte_hash_crc.h>

#include <algorithm>
#include <string>

#include "dpdk/names.hpp"

namespace fairway::dpdk {
namespace {

constexpr std::size_t keys_a_bucket = 8;
constexpr std::size_t bucket_bytes = 64;
constexpr std::uint32_t fewest_keys = keys_a_bucket;

}  // namespace

base::Result<HashTable> create_crc_hash_table(std::uint32_t keys, std::size_t key_bytes, int socket) {
  const std::string name = unique_name("hash");
  rte_hash_parameters parameters{};
  parameters.name = name.c_str();
  parameters.entries = std::max(keys, fewest_keys);
  parameters.key_len = static_cast<std::uint32_t>(key_bytes);
  parameters.hash_func = rte_hash_crc;
  parameters.socket_id = socket;
  parameters.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE;
  HashTable table(rte_hash_create(&parameters));
  if (table) return table;
  return base::Error{"cannot create an index of " + std::to_string(keys) + " keys, which takes " +
                     std::to_string(hash_table_bytes(keys, key_bytes) >> 20) +
                     " MB of DPDK's memory: " + rte_strerror(rte_errno)};
}

// Slots of a pointer and the key, aligned to 16; buckets for a power of two of keys, twice (the second half extends the
// first); rings of free slots and of free extending buckets, of 4 bytes each, that hold one less than their size.
std::size_t hash_table_bytes(std::uint32_t keys, std::size_t key_bytes) {
  const std::size_t entries = std::max(keys, fewest_keys);
  const std::size_t slot_bytes = (sizeof(void*) + key_bytes + 15) / 16 * 16;
  const std::size_t buckets = std::bit_ceil(entries) / keys_a_bucket;
  const std::size_t rings = std::bit_ceil(entries + 1) + std::bit_ceil(buckets + 1);
  constexpr std::size_t heads_of_allocations = 4096;
  return (entries + 1) * slot_bytes + 2 * buckets * bucket_bytes + rings * sizeof(std::uint32_t) + heads_of_allocations;
}

}  // namespace fairway::dpdk
