// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <cstring>

#include "net/tuple.hpp"

namespace fairway::conn {

/// The secret of one worker's table, drawn at start.
struct HashKey {
  std::uint64_t words[4];
};

/// A keyed hash of tuples by folded 64-bit multiplication. CRC32C and Toeplitz are linear: tuples that collide under one
/// seed collide under all, so a client that chooses its ports could fill one bucket. Here which tuples collide depends on
/// the key in a way that no sum of them reveals, for about two multiplications a tuple.
class Hash {
 public:
  explicit Hash(const HashKey& key) : key_(key) { key_.words[3] |= 1; }

  std::uint64_t operator()(const net::Tuple4& tuple) const noexcept {
    std::uint64_t words[2];
    std::memcpy(words, &tuple, sizeof words);
    return finish(multiply(words[0] ^ key_.words[0], words[1] ^ key_.words[1]));
  }

  std::uint64_t operator()(const net::Tuple6& tuple) const noexcept {
    std::uint64_t words[5];
    std::memcpy(words, &tuple, sizeof words);
    std::uint64_t state = multiply(words[0] ^ key_.words[0], words[1] ^ key_.words[1]);
    state = multiply(state ^ words[2] ^ key_.words[2], words[3] ^ key_.words[3]);
    return finish(multiply(state ^ words[4] ^ key_.words[1], key_.words[0] | 1));
  }

 private:
  __extension__ using Wide = unsigned __int128;

  static std::uint64_t multiply(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  std::uint64_t finish(std::uint64_t state) const noexcept { return multiply(state ^ key_.words[2], key_.words[3]); }

  HashKey key_;
};

}  // namespace fairway::conn
