// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace fairway::conn {

/// What an index keeps with a tuple: the connection's slot, and whether the tuple is that of its replies.
struct Reference {
  std::uint32_t packed = 0;

  static constexpr Reference to(std::uint32_t slot, bool reply) { return {slot << 1 | (reply ? 1u : 0u)}; }
  constexpr std::uint32_t slot() const { return packed >> 1; }
  constexpr bool is_reply() const { return (packed & 1u) != 0; }
  constexpr bool operator==(const Reference&) const = default;
};

constexpr std::size_t largest_burst = 32;

/// A hash index from tuples to references, of one worker. The caller computes the (keyed) hashes, once. `find_burst` looks
/// up at most largest_burst keys at once, sets the bits of those found and fills their references. `insert` never
/// overwrites: the caller has looked first; false means that the index is full. Nothing here allocates or locks.
// clang-format off
template <class I>
concept Index = requires(I index, const typename I::Key& key, const typename I::Key* const* keys,
                         const std::uint32_t* hashes, std::uint32_t count, Reference* found, Reference reference) {
  { index.find_burst(keys, hashes, count, found) } noexcept -> std::same_as<std::uint64_t>;
  { index.find(key, std::uint32_t{}) } noexcept -> std::same_as<std::optional<Reference>>;
  { index.insert(key, std::uint32_t{}, reference) } noexcept -> std::same_as<bool>;
  { index.erase(key, std::uint32_t{}) } noexcept -> std::same_as<bool>;
  { index.size() } -> std::convertible_to<std::size_t>;
};
// clang-format on

}  // namespace fairway::conn
