// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/memory.hpp"

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <string>

namespace fairway::dpdk {
namespace {

std::atomic<std::size_t> bytes_mapped = 0;

}  // namespace

std::size_t bytes_in_use() {
  std::size_t sum = bytes_mapped;
  for (unsigned i = 0; i < rte_socket_count(); ++i)
    if (rte_malloc_socket_stats stats; rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &stats) == 0)
      sum += stats.heap_allocsz_bytes;
  return sum;
}

base::Result<Memory> Memory::create(std::size_t bytes, int socket) {
  const std::size_t size = std::max<std::size_t>(bytes, 1);
  if (rte_eal_has_hugepages() != 0) {
    if (void* start = rte_zmalloc_socket(nullptr, size, RTE_CACHE_LINE_SIZE, socket)) return Memory(start, 0);
  } else {
    void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start != MAP_FAILED) {
      bytes_mapped += size;
      return Memory(start, size);
    }
  }
  return base::Error{"no memory for a table of " + std::to_string(bytes >> 20) + " MB"};
}

void Memory::Free::operator()(void* start) const {
  if (mapped == 0) return rte_free(start);
  munmap(start, mapped);
  bytes_mapped -= mapped;
}

}  // namespace fairway::dpdk
