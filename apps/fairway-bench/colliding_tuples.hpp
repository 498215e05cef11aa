// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "net/tuple.hpp"

namespace fairway::bench {

/// CRC32C (RFC 3720, B.4) bit by bit, without the final inversion: what rte_hash uses unless it is told otherwise.
inline std::uint32_t crc32c(const void* data, std::size_t length, std::uint32_t crc) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  for (std::size_t i = 0; i < length; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return crc;
}

constexpr std::uint32_t colliding_tuple_count = 65'536;

/// 65,536 different clients' tuples to one service that have the same CRC32C, whatever it is seeded with. CRC is
/// linear: which bits a change of the tuple flips does not depend on the rest. Address and port of a client are 48 bits,
/// the CRC has 32, so at least sixteen changes, and all of their sums, flip none.
inline std::vector<net::Tuple4> colliding_tuples(net::Ipv4Address destination, net::ServicePort destination_port) {
  struct Change {
    std::uint64_t client;  // bits 0..31 of the address, 32..47 of the port, as they lie in memory
    std::uint32_t crc;     // what they flip
  };
  const auto tuple_of = [&](std::uint64_t client) {
    net::Tuple4 tuple{.source = {},
                      .destination = destination,
                      .source_port = {},
                      .destination_port = destination_port,
                      .protocol = net::Protocol::tcp};
    tuple.source.number = net::Big32::from_raw(static_cast<std::uint32_t>(client));
    tuple.source_port.number = net::Big16::from_raw(static_cast<std::uint16_t>(client >> 32));
    return tuple;
  };
  const auto crc_of = [&](std::uint64_t client) {
    const net::Tuple4 tuple = tuple_of(client);
    return crc32c(&tuple, sizeof tuple, 0);
  };

  // Gauss: what cannot be reduced to zero by those before it joins them; what can is a change that flips nothing.
  std::array<Change, 32> pivots{};
  std::vector<std::uint64_t> silent;
  for (unsigned bit = 0; bit < 48; ++bit) {
    Change change{std::uint64_t{1} << bit, crc_of(std::uint64_t{1} << bit) ^ crc_of(0)};
    for (unsigned i = 0; i < 32 && change.crc != 0; ++i) {
      if ((change.crc >> i & 1) == 0) continue;
      if (pivots[i].crc == 0) {
        pivots[i] = change;
        break;
      }
      change = {change.client ^ pivots[i].client, change.crc ^ pivots[i].crc};
    }
    if (change.crc == 0) silent.push_back(change.client);
  }

  std::vector<net::Tuple4> tuples;
  for (std::uint32_t sum = 0; sum < colliding_tuple_count; ++sum) {
    std::uint64_t client = 0;
    for (unsigned i = 0; i < 16; ++i)
      if (sum >> i & 1) client ^= silent.at(i);
    tuples.push_back(tuple_of(client));
  }
  return tuples;
}

}  // namespace fairway::bench
