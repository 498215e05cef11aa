// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/memory.hpp"

#include <rte_eal.h>
#include <rte_malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <string>

namespace fairway::dpdk {

base::Result<Memory> Memory::create(std::size_t bytes, int socket) {
  const std::size_t size = std::max<std::size_t>(bytes, 1);
  if (rte_eal_has_hugepages() != 0) {
    if (void* start = rte_zmalloc_socket(nullptr, size, RTE_CACHE_LINE_SIZE, socket)) return Memory(start, 0);
  } else {
    void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start != MAP_FAILED) return Memory(start, size);
  }
  return base::Error{"no memory for a table of " + std::to_string(bytes >> 20) + " MB"};
}

void Memory::Free::operator()(void* start) const {
  if (mapped != 0)
    munmap(start, mapped);
  else
    rte_free(start);
}

}  // namespace fairway::dpdk
