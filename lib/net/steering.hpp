// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "net/address.hpp"

/// The hash by which flows are shared out among workers, such that a device can compute it too (receive side scaling).
///
/// It is the devices' own hash, Toeplitz, with a key that repeats every 16 bits. With such a key a 16-bit word of the input
/// counts the same wherever it stands, so the hash of an address and a port is that of all their words added up (exclusive
/// or), for both address families; and a device computes it over sources or destinations alike, in whatever order it
/// takes its fields (drivers differ), whatever else stands there as zero. The key's 16 rotations are linearly independent,
/// so no two words have the same hash, and the lower bits spread as evenly as the words.
namespace fairway::net {

/// Two bytes that fill the key of a device, which may have any even length.
constexpr std::array<std::uint8_t, 2> steering_key{0x6d, 0x5a};

/// The devices' redirection tables have at least so many entries (most NICs 128 to 512, virtio-net up to 128): the lower
/// bits of the hash choose one.
constexpr unsigned steering_buckets = 128;

namespace detail {

/// By value of a word's first and second byte: the exclusive or of the key's rotations for the bits that are set.
constexpr auto make_steering_table(unsigned first_bit) {
  constexpr unsigned key = steering_key[0] << 8 | steering_key[1];
  std::array<std::uint16_t, 256> table{};
  for (unsigned value = 0; value < table.size(); ++value)
    for (unsigned bit = 0; bit < 8; ++bit) {
      const unsigned rotation = first_bit + bit;
      if ((value >> (7 - bit) & 1) != 0)
        table[value] = static_cast<std::uint16_t>(table[value] ^ (key << rotation | key >> (16 - rotation)));
    }
  return table;
}
constexpr auto steering_first = make_steering_table(0), steering_second = make_steering_table(8);

}  // namespace detail

/// The lower 16 bits of the hash; the upper ones repeat them.
inline std::uint16_t steering_hash(const Address& address, ServicePort port) noexcept {
  std::uint64_t words[2];
  std::memcpy(words, address.bytes.bytes.data(), sizeof words);
  std::uint64_t sum = words[0] ^ words[1];
  sum ^= sum >> 32;
  const auto word = static_cast<std::uint16_t>(sum ^ sum >> 16 ^ port.number.raw());
  std::uint8_t bytes[2];
  std::memcpy(bytes, &word, sizeof bytes);
  return static_cast<std::uint16_t>(detail::steering_first[bytes[0]] ^ detail::steering_second[bytes[1]]);
}

/// Which of so many workers is to have what has this hash. Where a device has as many queues, its redirection table says
/// the same as most have by default.
inline unsigned steered_to(std::uint32_t hash, unsigned workers) noexcept { return hash % steering_buckets % workers; }

}  // namespace fairway::net
