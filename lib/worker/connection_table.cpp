// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/connection_table.hpp"

#include <sys/random.h>

namespace fairway::worker {

base::Result<conn::HashKey> draw_hash_key() {
  conn::HashKey key;
  if (getrandom(&key, sizeof key, 0) != sizeof key) return base::Error{"no random numbers from the kernel"};
  return key;
}

TableMemory table_memory(const TableSize& size) {
  const std::size_t slots = std::size_t{size.ipv4} + size.ipv6;
  return {.entries = slots * (sizeof(conn::Hot) + sizeof(conn::Cold) + sizeof(std::uint32_t)),
          .index = conn::Index::buckets_for(conn::keys_for(slots)) * sizeof(conn::Index::Bucket)};
}

base::Result<ConnectionTable> make_connection_table(const TableSize& size, int socket, service::ServerLine* lines,
                                                    base::Stamp now) {
  const std::size_t slots = std::size_t{size.ipv4} + size.ipv6;
  auto hot = dpdk::Array<conn::Hot>::create(slots, socket);
  auto cold = dpdk::Array<conn::Cold>::create(slots, socket);
  auto free = dpdk::Array<std::uint32_t>::create(slots, socket);
  auto buckets = dpdk::Array<conn::Index::Bucket>::create(conn::Index::buckets_for(conn::keys_for(slots)), socket);
  const auto key = draw_hash_key();
  if (!hot) return hot.error();
  if (!cold) return cold.error();
  if (!free) return free.error();
  if (!buckets) return buckets.error();
  if (!key) return key.error();
  const conn::Storage storage{.hot = {hot->data(), hot->size()},
                              .cold = {cold->data(), cold->size()},
                              .free = {free->data(), free->size()},
                              .buckets = {buckets->data(), buckets->size()}};
  return ConnectionTable{.storage = {.hot = std::move(*hot),
                                     .cold = std::move(*cold),
                                     .free = std::move(*free),
                                     .buckets = std::move(*buckets)},
                         .connections = {storage, *key, lines, conn::Timeouts{}, now}};
}

}  // namespace fairway::worker
