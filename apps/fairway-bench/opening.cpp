// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <fmt/core.h>

#include "fairway-bench/modes.hpp"
#include "fairway-bench/newcomers.hpp"

namespace fairway::bench {
namespace {

/// As many ran out as were opened, within what half a second of the timers' makes of it.
base::Result<void> check_steady(Setup& setup, std::uint64_t opened, std::uint64_t ended) {
  const std::uint64_t there = setup.plan().flows, slack = there / 50 + 2 * Deck::size;
  if (opened <= ended + slack && ended <= opened + slack) return {};
  return base::Error{fmt::format("{} connections were opened, but {} ran out", opened, ended)};
}

}  // namespace

base::Result<Report> measure_new(Setup& setup) {
  if (auto scattered = scatter_places(setup); !scattered) return scattered.error();
  Newcomers newcomers(setup, 0, setup.plan().flows);
  newcomers.hurry(setup.options().burst);
  if (auto filled = newcomers.fill_up(); !filled) return filled.error();
  Timing floor, opening;
  Floor::Changes hash;
  const std::uint32_t rounds = setup.options().rounds;
  const std::uint64_t before = setup.bed().expired();
  std::uint64_t opened = 0;
  for (std::uint32_t done = 0; done < rounds; done += rounds_of_a_block) {
    const std::uint32_t block = std::min(rounds_of_a_block, rounds - done);
    setup.progress().show("rounds", done, rounds);
    for (std::uint32_t i = 0; i <= block; ++i)
      if (const double time = setup.time_floor(); i > 0) floor.add(time);
    setup.floor().change(setup.plan(), block, hash);
    for (std::uint32_t i = 0; i <= block; ++i) {
      for (std::uint32_t k = 0; k < Deck::size; ++k) newcomers.put(k);
      if (const double time = setup.time_lines(); i > 0) opening.add(time);
      opened += Deck::size;
    }
  }
  if (auto good = setup.check(); !good) return good.error();
  const std::uint64_t ended = setup.bed().expired() - before;
  if (auto steady = check_steady(setup, opened, ended); !steady) return steady.error();
  Report report;
  setup.describe(report);
  report.columns = time_columns();
  auto& row = report.add_row();
  row["packets"] = "syn";
  add_times(row, opening, floor);
  row["connections_per_second"] = 1e9 / opening.best();
  report.facts["connections_now"] = setup.bed().connections_now();
  report.facts["ended_per_opened"] = rounded(static_cast<double>(ended) / static_cast<double>(opened), 3);
  report.facts["hash_add_ns"] = rounded(hash.add.best(), 1);
  report.facts["hash_delete_ns"] = rounded(hash.remove.best(), 1);
  report.notes.push_back(fmt::format(
      "{:.2f} million connections opened and ended per second; {} are there, {:.3f} ended for each "
      "that was opened",
      1000 / opening.best(), setup.bed().connections_now(), static_cast<double>(ended) / static_cast<double>(opened)));
  report.notes.push_back(fmt::format("bare rte_hash of as many keys: {:.1f} ns an add, {:.1f} a delete",
                                     hash.add.best(), hash.remove.best()));
  return report;
}

}  // namespace fairway::bench
