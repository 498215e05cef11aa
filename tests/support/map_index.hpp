// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstring>
#include <optional>
#include <string>
#include <unordered_map>

#include "conn/index.hpp"

namespace fairway::tests {

/// The index of tests that run without DPDK: a std::unordered_map. The hash is not used but for telling apart.
template <class K>
class MapIndex {
 public:
  using Key = K;

  explicit MapIndex(std::size_t capacity = 1'000'000) : capacity_(capacity) {}

  std::uint64_t find_burst(const Key* const* keys, const std::uint32_t* hashes, std::uint32_t count,
                           conn::Reference* found) noexcept {
    std::uint64_t hits = 0;
    for (std::uint32_t i = 0; i < count; ++i)
      if (const auto reference = find(*keys[i], hashes[i])) {
        found[i] = *reference;
        hits |= std::uint64_t{1} << i;
      }
    return hits;
  }
  std::optional<conn::Reference> find(const Key& key, std::uint32_t) noexcept {
    const auto entry = map_.find(key);
    if (entry == map_.end()) return std::nullopt;
    return entry->second;
  }
  bool insert(const Key& key, std::uint32_t, conn::Reference reference) noexcept {
    return map_.size() < capacity_ && map_.emplace(key, reference).second;
  }
  bool erase(const Key& key, std::uint32_t) noexcept { return map_.erase(key) == 1; }
  std::size_t size() const { return map_.size(); }

 private:
  struct BytesHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&key), sizeof key});
    }
  };
  std::size_t capacity_;
  std::unordered_map<Key, conn::Reference, BytesHash> map_;
};

}  // namespace fairway::tests
