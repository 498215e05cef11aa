// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/pool.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mempool.h>
#include <rte_memzone.h>

#include <algorithm>
#include <bit>
#include <string>

#include "dpdk/names.hpp"

namespace fairway::dpdk {
namespace {

// A thread that is no worker (the twins' lane) frees packets too and may lose its CPU in the middle of it. In the default
// ring all others would spin until it is back; this one lets them go on.
constexpr const char* ring_operations = "ring_mt_rts";

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

std::uint32_t data_room(const PoolSettings& settings) {
  return std::uint32_t{RTE_PKTMBUF_HEADROOM} + settings.frame_bytes;
}

std::uint32_t element_bytes(const PoolSettings& settings) {
  return static_cast<std::uint32_t>(sizeof(Packet)) + data_room(settings);
}

unsigned cache_size(const PoolSettings& settings) {
  // rte_mempool keeps up to 1.5 times the cache on an lcore, which must not be more than there is.
  return std::min<unsigned>({settings.cache, RTE_MEMPOOL_CACHE_MAX_SIZE, settings.packets * 2 / 3});
}

void free_memory(rte_mempool_memhdr*, void* memory) { rte_memzone_free(static_cast<const rte_memzone*>(memory)); }

// Without hugepages rte_mempool lets no packet cross the end of a 4 kB page, so that each takes a whole page. That is
// needed where a page's neighbour lies elsewhere in the device's address space, which is not so here: device addresses are
// virtual addresses then. One dense piece of memory also is what net_af_xdp takes the pool to be.
bool populate_densely(rte_mempool* pool, const std::string& name, const PoolSettings& settings) {
  if (rte_mempool_set_ops_byname(pool, ring_operations, nullptr) != 0) return false;
  rte_pktmbuf_pool_private shape{};
  shape.mbuf_data_room_size = static_cast<std::uint16_t>(data_room(settings));
  rte_pktmbuf_pool_init(pool, &shape);
  const std::size_t object_bytes = pool->header_size + pool->elt_size + pool->trailer_size;
  const rte_memzone* memory = rte_memzone_reserve_aligned(
      name.c_str(), settings.packets * object_bytes, settings.socket, RTE_MEMZONE_SIZE_HINT_ONLY, RTE_CACHE_LINE_SIZE);
  if (memory == nullptr) return false;
  const int added = rte_mempool_populate_iova(pool, static_cast<char*>(memory->addr), memory->iova, memory->len,
                                              free_memory, const_cast<rte_memzone*>(memory));
  if (added != static_cast<int>(settings.packets)) {
    if (added <= 0) rte_memzone_free(memory);  // else it is the pool's
    rte_errno = ENOMEM;
    return false;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return true;
}

rte_mempool* create_without_hugepages(const std::string& name, const PoolSettings& settings) {
  rte_mempool* pool =
      rte_mempool_create_empty(name.c_str(), settings.packets, element_bytes(settings), cache_size(settings),
                               sizeof(rte_pktmbuf_pool_private), settings.socket, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool == nullptr || populate_densely(pool, name, settings)) return pool;
  rte_mempool_free(pool);
  return nullptr;
}

rte_mempool* create_with_hugepages(const std::string& name, const PoolSettings& settings) {
  return rte_pktmbuf_pool_create_by_ops(name.c_str(), settings.packets, cache_size(settings), 0,
                                        static_cast<std::uint16_t>(data_room(settings)), settings.socket,
                                        ring_operations);
}

}  // namespace

base::Result<Pool> Pool::create(const PoolSettings& settings) {
  const std::string name = unique_name("pool");
  const bool hugepages = rte_eal_has_hugepages() != 0;
  rte_mempool* pool = hugepages ? create_with_hugepages(name, settings) : create_without_hugepages(name, settings);
  if (pool != nullptr) return Pool(pool);
  return base::Error{"cannot create a pool of " + std::to_string(settings.packets) + " packets, which takes " +
                     std::to_string(bytes_for(settings, hugepages) >> 20) +
                     " MB of DPDK's memory: " + rte_strerror(rte_errno)};
}

std::size_t Pool::bytes_for(const PoolSettings& settings, bool hugepages) {
  const std::size_t object_bytes = rte_mempool_calc_obj_size(element_bytes(settings), 0, nullptr);
  const std::size_t ring = std::bit_ceil(std::size_t{settings.packets} + 1) * sizeof(void*);
  const std::size_t caches = RTE_MAX_LCORE * sizeof(rte_mempool_cache);
  constexpr std::size_t heads_of_allocations = 16'384;
  std::size_t objects = settings.packets * object_bytes;
  if (hugepages) {
    const std::size_t a_page = huge_page_bytes / object_bytes;
    objects = (settings.packets + a_page - 1) / a_page * huge_page_bytes;
  }
  return objects + ring + caches + heads_of_allocations;
}

}  // namespace fairway::dpdk
