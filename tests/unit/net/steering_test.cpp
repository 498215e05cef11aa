// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "net/steering.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

using namespace fairway;

TEST_CASE("no two 16-bit words have the same steering hash, so that buckets are as even as what comes") {
  std::set<std::uint16_t> hashes;
  std::array<unsigned, net::steering_buckets> counts{};
  for (unsigned port = 0; port < 65'536; ++port) {
    const auto hash =
        net::steering_hash(net::Ipv4Address(0xc0000201u), net::ServicePort(static_cast<std::uint16_t>(port)));
    hashes.insert(hash);
    ++counts[net::steered_to(hash, net::steering_buckets)];
  }
  CHECK(hashes.size() == 65'536);
  CHECK(*std::min_element(counts.begin(), counts.end()) == *std::max_element(counts.begin(), counts.end()));
}

TEST_CASE("buckets go round among the workers, as in the redirection table of most devices") {
  for (std::uint32_t hash = 0; hash < 3 * net::steering_buckets; ++hash)
    CHECK(net::steered_to(hash, 3) == hash % net::steering_buckets % 3);
}
