// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace fairway::control {
namespace {

struct Drops {
  std::uint64_t packets = 0;
  std::string reasons;  // the most frequent first
};

Drops drops_between(const Reading& before, const Reading& after) {
  std::vector<std::pair<std::uint64_t, std::string_view>> counts;
  for (std::size_t i = 0; i < forward::verdict_count; ++i)
    if (const auto count = after.verdicts[i] - before.verdicts[i];
        count > 0 && forward::is_drop(static_cast<forward::Verdict>(i)))
      counts.emplace_back(count, forward::verdicts[i].name);
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  Drops drops;
  for (const auto& [count, name] : counts) {
    drops.packets += count;
    drops.reasons += fmt::format("{}{} {}", drops.reasons.empty() ? "" : ", ", name, count);
  }
  return drops;
}

std::string rate(std::uint64_t count, double seconds) {
  const double per_second = seconds > 0 ? static_cast<double>(count) / seconds : 0;
  return per_second < 10 ? fmt::format("{:.1f}", per_second) : fmt::format("{:.0f}", per_second);
}

}  // namespace

Reading read_counters(const worker::Crew& crew, const Director& director, std::chrono::steady_clock::time_point now) {
  Reading reading{.time = now, .opened = director.servers().total().connections};
  for (unsigned worker = 0; worker < crew.size(); ++worker) {
    const worker::Counters& counters = crew.counters(worker);
    reading.connections += counters.connections.get();
    reading.packets += counters.packets.get();
    reading.handed_over += counters.handed_over.get();
    reading.lost += counters.hand_over_full.get() + counters.kernel_full.get() + counters.transmit_refused.get();
    for (std::size_t i = 0; i < forward::verdict_count; ++i) reading.verdicts[i] += counters.verdicts[i].get();
  }
  return reading;
}

std::string summary(const Reading& before, const Reading& after) {
  const double seconds = std::chrono::duration<double>(after.time - before.time).count();
  const Drops drops = drops_between(before, after);
  std::string line =
      fmt::format("{} packets/s, {} connections ({} new/s), {} packets handed over, {} dropped",
                  rate(after.packets - before.packets, seconds), after.connections,
                  rate(after.opened - before.opened, seconds), after.handed_over - before.handed_over, drops.packets);
  if (drops.packets > 0) line += " (" + drops.reasons + ")";
  if (after.lost > before.lost) line += fmt::format(", {} lost in full queues", after.lost - before.lost);
  return line;
}

}  // namespace fairway::control
