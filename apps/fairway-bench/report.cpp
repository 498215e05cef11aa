// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/report.hpp"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "fairway-bench/bed.hpp"
#include "fairway-bench/colliding_tuples.hpp"

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

std::string table(const Options& options, bool hugepages, const Figures& figures) {
  const Plan& plan = options.plan;
  std::string text = fmt::format("{} flows to {} services of {} real servers, {} rounds of 16,384 packets, {} pages\n",
                                 plan.flows, plan.services, plan.servers, options.rounds, hugepages ? "2 MB" : "4 KB");
  text += fmt::format("{:<6}{:<14}{:>12}{:>8}{:>8}{:>8}{:>8}\n", "mode", "packets", "ns/packet", "mean", "floor",
                      "ratio", "Mpps");
  for (const auto& [traffic, timing] : figures.pipeline)
    text += fmt::format("{:<6}{:<14}{:>12.1f}{:>8.1f}{:>8.1f}{:>8.2f}{:>8.1f}\n", options.mode, key_of(traffic),
                        timing.best(), timing.mean(), figures.floor.best(), ratio_of(timing, figures),
                        1000 / timing.best());
  return text;
}

std::string table(const Collisions& collisions) {
  std::string text = fmt::format("{:<8}{:>8} {:<10}{:>12}{:>12}\n", "hash", "tuples", "", "ns/lookup", "ns/add");
  const auto row = [&](const char* hash, std::uint32_t tuples, const char* kind, const IndexCost& cost) {
    text += fmt::format("{:<8}{:>8} {:<10}{:>12.1f}{:>12.1f}\n", hash, tuples, kind, cost.lookup, cost.add);
  };
  row("keyed", colliding_tuple_count, "random", collisions.random);
  row("keyed", colliding_tuple_count, "colliding", collisions.chosen);
  row("CRC32C", crc_tuple_count, "random", collisions.crc_random);
  row("CRC32C", crc_tuple_count, "colliding", collisions.crc_chosen);
  return text + fmt::format("colliding / random, keyed: lookup {:.2f}, add {:.2f}\n", collisions.lookup_ratio(),
                            collisions.add_ratio());
}

std::string json_line(const Options& options, bool hugepages, const Figures& figures) {
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
  return line.dump() + '\n';
}

std::string json_line(const Options& options, const Collisions& collisions) {
  const nlohmann::ordered_json line{{"mode", options.mode},
                                    {"tuples", colliding_tuple_count},
                                    {"rounds", options.rounds},
                                    {"lookup_ns", rounded(collisions.chosen.lookup, 100)},
                                    {"random_lookup_ns", rounded(collisions.random.lookup, 100)},
                                    {"ratio", rounded(collisions.lookup_ratio(), 1000)},
                                    {"add_ns", rounded(collisions.chosen.add, 100)},
                                    {"random_add_ns", rounded(collisions.random.add, 100)},
                                    {"add_ratio", rounded(collisions.add_ratio(), 1000)},
                                    {"crc_tuples", crc_tuple_count},
                                    {"crc_lookup_ns", rounded(collisions.crc_chosen.lookup, 100)},
                                    {"crc_add_ns", rounded(collisions.crc_chosen.add, 100)}};
  return line.dump() + '\n';
}

std::string table(const Options& options, bool hugepages, const std::vector<SchedulerFigures>& schedulers) {
  std::string text = fmt::format("ns per new connection by real servers, best of {} rounds of 16,384, {} pages\n",
                                 options.rounds, hugepages ? "2 MB" : "4 KB");
  text +=
      fmt::format("{:<12}{:<31}{:>8}   {:<31}{:>8}\n", "", "choice and counting", "", "SYN through the pipeline", "");
  text += fmt::format("{:<10}", "scheduler");
  for (int part = 0; part < 2; ++part) {
    for (const std::uint32_t size : scheduling_sizes) text += fmt::format("{:>8}", size);
    text += fmt::format("{:>8}", "ratio");
  }
  text += '\n';
  for (const SchedulerFigures& its : schedulers) {
    text += fmt::format("{:<10}", its.scheduler);
    for (const SchedulingCost& cost : its.costs) text += fmt::format("{:>8.1f}", cost.choice);
    text += fmt::format("{:>8.2f}", its.choice_ratio());
    for (const SchedulingCost& cost : its.costs) text += fmt::format("{:>8.1f}", cost.connection);
    text += fmt::format("{:>8.2f}\n", its.connection_ratio());
  }
  return text;
}

std::string json_line(const Options& options, bool hugepages, const std::vector<SchedulerFigures>& schedulers) {
  nlohmann::ordered_json line{
      {"mode", options.mode}, {"rounds", options.rounds}, {"hugepages", hugepages}, {"servers", scheduling_sizes}};
  double choice_ratio = 0, connection_ratio = 0;
  for (const SchedulerFigures& its : schedulers) {
    nlohmann::ordered_json row;
    for (const SchedulingCost& cost : its.costs) {
      row["choice_ns"].push_back(rounded(cost.choice, 100));
      row["connection_ns"].push_back(rounded(cost.connection, 100));
    }
    row["choice_ratio"] = rounded(its.choice_ratio(), 1000);
    row["connection_ratio"] = rounded(its.connection_ratio(), 1000);
    line["schedulers"][std::string(its.scheduler)] = row;
    choice_ratio = std::max(choice_ratio, its.choice_ratio());
    connection_ratio = std::max(connection_ratio, its.connection_ratio());
  }
  line["largest_choice_ratio"] = rounded(choice_ratio, 1000);
  line["largest_connection_ratio"] = rounded(connection_ratio, 1000);
  return line.dump() + '\n';
}

}  // namespace fairway::bench
