// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/mixture.hpp"

#include <fmt/core.h>

#include <array>

namespace fairway::bench {
namespace {

struct Part {
  const char* name;
  std::uint32_t syns_of_a_hundred;
  Timing timing;
};

/// Spread evenly: of any hundred packets in a row.
void fill(Setup& setup, const Mixture& mixture, std::uint32_t syns_of_a_hundred) {
  std::uint32_t owed = 0;
  for (std::uint32_t i = 0; i < Deck::size; ++i) {
    owed += syns_of_a_hundred;
    if (owed >= 100) {
      owed -= 100;
      mixture.put_syn(i);
    } else {
      setup.put_established(i, setup.is_nat() ? Traffic::alternating : Traffic::to_server);
    }
  }
}

}  // namespace

base::Result<Report> measure_mixture(Setup& setup, const Mixture& mixture) {
  std::array<Part, 3> parts{{{"established", 0, {}}, {"syn", 100, {}}, {"mixed", mixture.syns_of_a_hundred, {}}}};
  Timing floor;
  const std::uint32_t rounds = setup.options().rounds;
  for (std::uint32_t done = 0; done < rounds; done += rounds_of_a_block) {
    const std::uint32_t block = std::min(rounds_of_a_block, rounds - done);
    setup.progress().show("rounds", done, rounds);
    for (std::uint32_t i = 0; i <= block; ++i)
      if (const double time = setup.time_floor(); i > 0) floor.add(time);
    for (Part& part : parts) {
      mixture.begin(part.syns_of_a_hundred / 100.0);
      for (std::uint32_t i = 0; i <= block; ++i) {
        fill(setup, mixture, part.syns_of_a_hundred);
        if (const double time = setup.time_lines(); i > 0) part.timing.add(time);
      }
    }
  }
  if (setup.lines().lost_established() > 0)
    return base::Error{fmt::format("{} packets of established flows were not transmitted: {}",
                                   setup.lines().lost_established(), setup.lines().others())};
  Report report;
  setup.describe(report);
  report.columns = time_columns();
  for (const Part& part : parts) {
    auto& row = report.add_row();
    row["packets"] = part.name;
    add_times(row, part.timing, floor);
  }
  const double share = mixture.syns_of_a_hundred / 100.0;
  const double mean = (1 - share) * parts[0].timing.best() + share * parts[1].timing.best();
  report.facts["new_share"] = share;
  report.facts["established_not_transmitted"] = setup.lines().lost_established();
  report.facts["mixed_to_mean"] = rounded(parts[2].timing.best() / mean, 3);
  report.facts["connections_now"] = setup.bed().connections_now();
  report.facts["other_verdicts"] = setup.lines().others();
  report.notes.push_back(fmt::format("mixed, {:.0f} % SYNs, beside the mean of both alone: {:.2f}", 100 * share,
                                     parts[2].timing.best() / mean));
  report.notes.push_back(fmt::format("packets of established flows that were not transmitted: 0; of SYNs: {}",
                                     setup.lines().others().empty() ? "0" : setup.lines().others()));
  return report;
}

}  // namespace fairway::bench
