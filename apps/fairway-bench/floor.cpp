// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/floor.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "net/headers.hpp"

namespace fairway::bench {
namespace {

std::uint32_t keys_for(const Plan& plan) { return plan.flows + plan.flows / 8 + 64; }

}  // namespace

std::size_t Floor::bytes_for(const Plan& plan) {
  return dpdk::CrcIndex<net::Tuple4>::bytes_for(keys_for(plan)) + sizeof(Entry) * std::size_t{plan.flows};
}

base::Result<Floor> Floor::create(const Plan& plan) {
  auto index = dpdk::CrcIndex<net::Tuple4>::create(keys_for(plan), -1);
  if (!index) return index.error();
  auto entries = dpdk::Array<Entry>::create(plan.flows, -1);
  if (!entries) return entries.error();
  for (std::uint32_t i = 0; i < plan.flows; ++i)
    if (!index->insert(client_tuple(plan, i), &(*entries)[i])) return base::Error{"the floor's index is full"};
  return Floor(std::move(*index), std::move(*entries));
}

void Floor::change(const Plan& plan, std::uint32_t rounds, Changes& changes) {
  const std::uint32_t count = std::min(16'384u, plan.flows / 8 + 1);  // the index has room for so many more
  std::vector<net::Tuple4> old, young;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    old.clear();
    young.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      old.push_back(client_tuple(plan, first_ + i));
      young.push_back(client_tuple(plan, first_ + plan.flows + i));
    }
    const std::uint64_t start = dpdk::tsc();
    for (std::uint32_t i = 0; i < count; ++i) index_.insert(young[i], &entries_[(first_ + i) % plan.flows]);
    const std::uint64_t added = dpdk::tsc();
    for (const net::Tuple4& tuple : old) index_.erase(tuple);
    changes.remove.add(nanoseconds_each(dpdk::tsc() - added, count));
    changes.add.add(nanoseconds_each(added - start, count));
    first_ += count;
  }
}

void Floor::run(dpdk::Packet* const* packets, std::uint32_t count, std::uint32_t now) noexcept {
  for (std::uint32_t i = 0; i < count; i += burst) {
    std::array<const net::Tuple4*, burst> key_pointers;
    std::array<void*, burst> found;
    std::array<std::uint8_t*, burst> frames;
    if (i + 2 * burst <= count)
      for (std::uint32_t k = 0; k < burst; ++k) dpdk::prefetch_with_data(packets[i + burst + k]);
    for (std::uint32_t k = 0; k < burst; ++k) {
      frames[k] = dpdk::frame(*packets[i + k]);
      const std::uint8_t* ip = frames[k] + sizeof(net::EthernetHeader);
      net::read_tuple(ip, ip + sizeof(net::Ipv4Header), keys_[k]);  // whatever else the headers say
      key_pointers[k] = &keys_[k];
    }
    index_.find_burst(key_pointers.data(), burst, found.data());
    for (void* entry : found) __builtin_prefetch(entry);
    for (std::uint32_t k = 0; k < burst; ++k) {
      auto& entry = *static_cast<Entry*>(found[k]);
      ++entry.packets;
      entry.bytes += 64;
      entry.seen = now;
      std::memcpy(frames[k], entry.ethernet.data(), entry.ethernet.size());
    }
  }
}

}  // namespace fairway::bench
