// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/mixture.hpp"
#include "fairway-bench/newcomers.hpp"

namespace fairway::bench {

// The bench's time goes as it does, so that hardly anything runs out; a pass or two fill what is left of the table.
base::Result<Report> measure_flood(Setup& setup) {
  if (auto established = setup.establish(); !established) return established.error();
  auto& connections = setup.bed().connections();
  Newcomers attackers(setup, setup.plan().flows, connections.capacity());
  while (connections.counts().evicted == 0) {
    for (std::uint32_t i = 0; i < Deck::size; ++i) attackers.put(i);
    setup.lines().pass();
  }
  auto report = measure_mixture(
      setup, {.syns_of_a_hundred = 50, .put_syn = [&](std::uint32_t i) { attackers.put(i); }, .begin = [](double) {}});
  if (!report) return report;
  report->facts["evicted"] = connections.counts().evicted;
  return report;
}

}  // namespace fairway::bench
