// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/bench.hpp"

#include "fairway-bench/deck.hpp"
#include "fairway-bench/report.hpp"

namespace fairway::bench {

base::Result<std::string> run(const Options& options, bool hugepages) {
  if (options.mode == "collisions") {
    const auto collisions = measure_collisions(options.rounds);
    if (!collisions) return collisions.error();
    return options.json ? json_line(options, *collisions) : table(*collisions);
  }
  if (options.mode == "scheduling") {
    const auto schedulers = measure_scheduling(options);
    if (!schedulers) return schedulers.error();
    return options.json ? json_line(options, hugepages, *schedulers) : table(options, hugepages, *schedulers);
  }
  const auto figures = measure(options.plan, options.rounds);
  if (!figures) return figures.error();
  return options.json ? json_line(options, hugepages, *figures) : table(options, hugepages, *figures);
}

std::size_t megabytes_for(const Options& options, bool hugepages) {
  constexpr std::size_t rest = 64;  // rings, DPDK's own
  const std::size_t deck = dpdk::Pool::bytes_for(Deck::pool_settings(), hugepages);
  const std::size_t bytes = options.mode == "collisions"   ? memory_for_collisions()
                            : options.mode == "scheduling" ? memory_for_scheduling() + deck
                                                           : memory_for(options.plan) + deck;
  return (bytes >> 20) * 17 / 16 + rest;
}

}  // namespace fairway::bench
