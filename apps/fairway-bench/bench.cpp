// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/bench.hpp"

#include "fairway-bench/modes.hpp"

namespace fairway::bench {
namespace {

base::Result<Report> measure(const Options& options, RunOnAll on_all) {
  if (options.mode == "collisions") return measure_collisions(options);
  if (options.mode == "scheduling") return measure_scheduling(options);
  auto setup = Setup::create(options, std::move(on_all));
  if (!setup) return setup.error();
  if (options.mode == "new") return measure_new(**setup);
  if (options.mode == "mixed") return measure_mixed(**setup);
  if (options.mode == "syn-flood") return measure_flood(**setup);
  return measure_established(**setup);
}

}  // namespace

base::Result<Report> run(const Options& options, bool hugepages, RunOnAll on_all) {
  auto report = measure(options, std::move(on_all));
  if (!report) return report;
  report->facts["hugepages"] = hugepages;
  report->title += hugepages ? ", 2 MB pages" : ", 4 KB pages";
  return report;
}

std::size_t megabytes_for(const Options& options, bool hugepages) {
  constexpr std::size_t rest = 64;  // rings, DPDK's own
  const std::size_t deck = dpdk::Pool::bytes_for(Deck::pool_settings(), hugepages);
  const std::size_t bytes = options.mode == "collisions"   ? memory_for_collisions()
                            : options.mode == "scheduling" ? memory_for_scheduling() + deck
                                                           : Setup::memory_for(options) + deck;
  return (bytes >> 20) * 17 / 16 + rest;
}

}  // namespace fairway::bench
