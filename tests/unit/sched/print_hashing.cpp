// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <cstdio>

#include "support/balance.hpp"

/// What sh, dh and mh do with 100,000 addresses, for the pictures of docs/schedulers.md (tools/draw-schedulers):
///
///     spread SCHEDULER SERVER WEIGHT SHARE      of the addresses
///     moved SCHEDULER SERVERS SHARE             of the other servers' addresses, when one of so many leaves
using namespace fairway;
using tests::Balance;

namespace {

constexpr std::uint32_t addresses = 100'000;
constexpr std::uint32_t weights[] = {1, 1, 2, 2, 3, 3, 4, 4};

std::vector<unsigned> choices(Balance& balance) {
  base::Random random(1);
  std::vector<unsigned> chosen;
  for (std::uint32_t i = 0; i < addresses; ++i) {
    const auto address = static_cast<std::uint32_t>(random.next());
    balance.come_from(address, 1024);
    balance.go_to(address);
    chosen.push_back(balance.pick());
  }
  return chosen;
}

void print_spread(const char* scheduler) {
  Balance balance(scheduler);
  unsigned number = 0;
  for (const std::uint32_t weight : weights) balance.add(++number, weight);
  std::map<unsigned, std::uint32_t> counts;
  for (const unsigned server : choices(balance)) ++counts[server];
  for (unsigned server = 1; server <= number; ++server)
    std::printf("spread %s %u %u %.4f\n", scheduler, server, weights[server - 1], counts[server] / double{addresses});
}

void print_moved(const char* scheduler, unsigned servers) {
  Balance balance(scheduler);
  for (unsigned server = 1; server <= servers; ++server) balance.add(server, 1);
  const unsigned leaves = servers / 2;
  const std::vector<unsigned> before = choices(balance);
  balance.remove(leaves);
  const std::vector<unsigned> after = choices(balance);
  std::uint32_t others = 0, moved = 0;
  for (std::uint32_t i = 0; i < addresses; ++i) {
    if (before[i] == leaves) continue;
    ++others;
    moved += before[i] != after[i];
  }
  std::printf("moved %s %u %.4f\n", scheduler, servers, moved / double(others));
}

}  // namespace

int main() {
  for (const char* scheduler : {"sh", "dh", "mh"}) {
    print_spread(scheduler);
    for (const unsigned servers : {2u, 4u, 8u, 16u, 32u, 64u}) print_moved(scheduler, servers);
  }
}
