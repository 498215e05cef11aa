// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <fmt/core.h>

#include "fairway-bench/modes.hpp"

namespace fairway::bench {
namespace {

const char* name(Traffic traffic) {
  switch (traffic) {
    case Traffic::to_server: return "to_server";
    case Traffic::to_client: return "to_client";
    case Traffic::alternating: return "alternating";
  }
  return "?";
}

struct Figure {
  Traffic traffic;
  Timing timing;
};

void add_rows(Report& report, const std::vector<Figure>& figures, const Timing& floor, unsigned cores) {
  report.columns = time_columns();
  for (const auto& [traffic, timing] : figures) {
    auto& row = report.add_row();
    row["packets"] = name(traffic);
    add_times(row, timing, floor, cores);
    report.facts[fmt::format("{}_ratio", name(traffic))] = rounded(row["ratio"], 3);
  }
}

/// What workers write where others look, per packet.
void add_sharing(Report& report, Setup& setup) {
  const auto per_packet = [&](std::uint64_t count) {
    return static_cast<double>(count) / static_cast<double>(setup.lines().count(forward::Verdict::transmit));
  };
  const SharedWrites writes = setup.lines().shared_writes();
  const double handed_over = per_packet(setup.lines().handed_over());
  report.facts["handed_over_per_packet"] = rounded(handed_over, 4);
  report.facts["shared_line_writes_per_packet"] = rounded(per_packet(writes.sum()), 4);
  report.notes.push_back(fmt::format(
      "{} workers {}: {:.3f} of the packets handed over; writes to lines that other workers use, per packet: "
      "{:.3f} (rings' places {:.3f}, rings' ends {:.3f}, packets {:.3f})",
      setup.plan().workers, setup.options().threads ? "on a core each" : "in turn on one core", handed_over,
      per_packet(writes.sum()), per_packet(writes.ring_places), per_packet(writes.ring_ends),
      per_packet(writes.packets)));
}

}  // namespace

base::Result<Report> measure_established(Setup& setup) {
  if (auto established = setup.establish(); !established) return established.error();
  std::vector<Figure> figures{{Traffic::to_server, {}}};
  if (setup.is_nat()) figures = {{Traffic::to_server, {}}, {Traffic::to_client, {}}, {Traffic::alternating, {}}};
  Timing floor;
  const std::uint32_t rounds = setup.options().rounds;
  for (std::uint32_t done = 0; done < rounds; done += rounds_of_a_block) {
    const std::uint32_t block = std::min(rounds_of_a_block, rounds - done);
    setup.progress().show("rounds", done, rounds);
    setup.time_floor();
    for (std::uint32_t i = 0; i < block; ++i) floor.add(setup.time_floor());
    for (Figure& figure : figures)
      for (std::uint32_t i = 0; i <= block; ++i) {
        setup.fill(figure.traffic);
        const double result = setup.time_lines();
        if (i > 0) figure.timing.add(result);
      }
  }
  if (auto good = setup.check(); !good) return good.error();
  Report report;
  setup.describe(report);
  add_rows(report, figures, floor, setup.options().threads ? setup.plan().workers : 1);
  if (setup.plan().workers > 1) add_sharing(report, setup);
  return report;
}

}  // namespace fairway::bench
