// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/report.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "fairway-bench/bed.hpp"

namespace fairway::bench {
namespace {

std::string_view key_of(Traffic traffic) {
  switch (traffic) {
    case Traffic::to_server: return "to_server";
    case Traffic::to_client: return "to_client";
    case Traffic::alternating: return "alternating";
  }
  return "?";
}

double ratio_of(const Timing& timing, const Figures& figures) { return timing.best() / figures.floor.best(); }

double rounded(double value, double parts) { return std::round(value * parts) / parts; }

double bytes_a_connection(const Options& options) {
  return static_cast<double>(Bed::table_bytes(options.plan)) / options.plan.flows;
}

}  // namespace

void print_table(const Options& options, bool hugepages, const Figures& figures) {
  const Plan& plan = options.plan;
  fmt::print("{} flows to {} services of {} real servers, {} rounds of 16,384 packets, pages of {}\n", plan.flows,
             plan.services, plan.servers, options.rounds, hugepages ? "2 MB" : "4 KB");
  fmt::print("{:<6}{:<14}{:>12}{:>8}{:>8}{:>8}{:>10}\n", "mode", "packets", "ns/packet", "mean", "floor", "ratio",
             "Mpps");
  for (const auto& [traffic, timing] : figures.pipeline)
    fmt::print("{:<6}{:<14}{:>12.1f}{:>8.1f}{:>8.1f}{:>8.2f}{:>10.1f}\n", options.mode, key_of(traffic), timing.best(),
               timing.mean(), figures.floor.best(), ratio_of(timing, figures), 1000 / timing.best());
}

void print_json(const Options& options, bool hugepages, const Figures& figures) {
  const Plan& plan = options.plan;
  const Timing& timing = figures.pipeline.back().timing;
  nlohmann::ordered_json line{{"mode", options.mode},
                              {"flows", plan.flows},
                              {"services", plan.services},
                              {"servers", plan.servers},
                              {"rounds", options.rounds},
                              {"hugepages", hugepages},
                              {"ns_per_packet", rounded(timing.best(), 100)},
                              {"mean_ns", rounded(timing.mean(), 100)},
                              {"floor_ns", rounded(figures.floor.best(), 100)},
                              {"floor_mean_ns", rounded(figures.floor.mean(), 100)},
                              {"ratio", rounded(ratio_of(timing, figures), 1000)},
                              {"table_bytes_per_connection", rounded(bytes_a_connection(options), 10)}};
  if (figures.pipeline.size() > 1)
    for (const auto& [traffic, its] : figures.pipeline) {
      line[fmt::format("{}_ns", key_of(traffic))] = rounded(its.best(), 100);
      line[fmt::format("{}_ratio", key_of(traffic))] = rounded(ratio_of(its, figures), 1000);
    }
  fmt::print("{}\n", line.dump());
}

}  // namespace fairway::bench
