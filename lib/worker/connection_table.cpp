// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/connection_table.hpp"

#include <sys/random.h>

#include <algorithm>

namespace fairway::worker {
namespace {

using Index4 = dpdk::HashIndex<net::Tuple4, conn::Reference>;
using Index6 = dpdk::HashIndex<net::Tuple6, conn::Reference>;

/// A NAT connection has two keys.
constexpr std::uint32_t keys_for(std::uint32_t connections) { return std::max<std::uint32_t>(8, 2 * connections); }

}  // namespace

base::Result<conn::HashKey> draw_hash_key() {
  conn::HashKey key;
  if (getrandom(&key, sizeof key, 0) != sizeof key) return base::Error{"no random numbers from the kernel"};
  return key;
}

TableMemory table_memory(const TableSize& size) {
  const std::size_t entry = sizeof(conn::Hot) + sizeof(conn::Cold) + sizeof(std::uint32_t);
  return {.entries = (std::size_t{size.ipv4} + size.ipv6) * entry,
          .indexes = Index4::bytes_for(keys_for(size.ipv4)) + Index6::bytes_for(keys_for(size.ipv6))};
}

base::Result<ConnectionTable> make_connection_table(const TableSize& size, int socket, service::ServerLine* lines,
                                                    base::Stamp now) {
  const std::size_t entries = std::size_t{size.ipv4} + size.ipv6;
  auto hot = dpdk::Array<conn::Hot>::create(entries, socket);
  auto cold = dpdk::Array<conn::Cold>::create(entries, socket);
  auto free = dpdk::Array<std::uint32_t>::create(entries, socket);
  auto index4 = Index4::create(keys_for(size.ipv4), socket);
  auto index6 = Index6::create(keys_for(size.ipv6), socket);
  const auto key = draw_hash_key();
  if (!hot) return hot.error();
  if (!cold) return cold.error();
  if (!free) return free.error();
  if (!index4) return index4.error();
  if (!index6) return index6.error();
  if (!key) return key.error();
  const conn::Storage storage{
      .hot = {hot->data(), hot->size()}, .cold = {cold->data(), cold->size()}, .free = {free->data(), free->size()}};
  return ConnectionTable{
      .storage = {.hot = std::move(*hot), .cold = std::move(*cold), .free = std::move(*free)},
      .connections = {storage, std::move(*index4), std::move(*index6), *key, lines, conn::Timeouts{}, now}};
}

}  // namespace fairway::worker
