// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "base/result.hpp"
#include "dpdk/packet.hpp"

namespace fairway::dpdk {

struct PoolSettings {
  std::uint32_t packets = 16'383;     // 2^n - 1 wastes no room in the pool's ring
  std::uint16_t frame_bytes = 2'048;  // of the largest frame that one buffer holds, behind 128 bytes of headroom
  std::uint16_t cache = 256;          // packets that each worker keeps at hand, on top of the pool's own ring
  int socket = -1;                    // NUMA node; -1: any
};

/// The buffers that packets are received into. Any worker may take and free packets of it.
class Pool {
 public:
  static base::Result<Pool> create(const PoolSettings& settings);
  /// Bytes that such a pool takes from EAL's memory. May be asked before EAL runs.
  static std::size_t bytes_for(const PoolSettings& settings, bool hugepages);

  /// An empty packet, or nothing when the pool is empty.
  Packet* allocate() noexcept { return rte_pktmbuf_alloc(pool_.get()); }
  /// All or none.
  bool allocate(std::span<Packet*> packets) noexcept {
    return rte_pktmbuf_alloc_bulk(pool_.get(), packets.data(), static_cast<unsigned>(packets.size())) == 0;
  }
  /// A packet with these bytes; nothing when the pool is empty or the bytes do not fit into one buffer.
  Packet* copy_in(std::span<const std::uint8_t> bytes) noexcept {
    Packet* packet = allocate();
    if (packet == nullptr || fill(*packet, bytes)) return packet;
    dpdk::free(packet);
    return nullptr;
  }

  std::uint32_t size() const noexcept { return pool_->size; }
  /// Walks over the caches of all lcores: for control and tests.
  std::uint32_t available() const noexcept { return rte_mempool_avail_count(pool_.get()); }
  std::uint16_t frame_bytes() const noexcept {
    return static_cast<std::uint16_t>(rte_pktmbuf_data_room_size(pool_.get()) - RTE_PKTMBUF_HEADROOM);
  }
  rte_mempool* get() const noexcept { return pool_.get(); }

 private:
  struct Free {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
  };
  explicit Pool(rte_mempool* pool) : pool_(pool) {}

  std::unique_ptr<rte_mempool, Free> pool_;
};

}  // namespace fairway::dpdk
