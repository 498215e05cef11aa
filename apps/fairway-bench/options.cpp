// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/options.hpp"

#include <CLI/CLI.hpp>

namespace fairway::bench {

std::optional<int> parse(int argc, char** argv, Options& options) {
  CLI::App app{"Measures Fairway's pipeline on packets in memory, beside the floor of the same run"};
  app.set_version_flag("--version", "fairway-bench " FAIRWAY_VERSION);
  Plan& plan = options.plan;
  app.add_option("--mode", options.mode, "What is measured")
      ->check(CLI::IsMember({"dr", "nat", "tun", "collisions", "scheduling"}))
      ->capture_default_str();
  app.add_option("--flows", plan.flows, "Established connections")
      ->check(CLI::Range(1u, 200'000'000u))
      ->capture_default_str();
  app.add_option("--services", plan.services, "Services that they go to")
      ->check(CLI::Range(1u, Plan::most_services))
      ->capture_default_str();
  app.add_option("--servers", plan.servers, "Real servers of each service")
      ->check(CLI::Range(1u, 65'536u))
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "Passes over 16,384 packets of random flows")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  app.add_flag("--json", options.json, "Ends with one line of JSON");
  app.add_option("--hugepages", options.hugepages, "Pages of 2 MB; auto: if enough are free")
      ->check(CLI::IsMember({"auto", "yes", "no"}))
      ->capture_default_str();
  app.add_option("--cpu", options.cpu, "Where it runs; the last usable one if not given");
  try {
    app.parse(argc, argv);
    if (std::uint64_t{plan.services} * plan.servers > Plan::most_servers)
      throw CLI::ValidationError("--servers", "at most 1,048,576 over all services");
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (options.mode != "collisions" && options.mode != "scheduling")
    plan.forwarding = service::parse_forwarding(options.mode).value();
  return std::nullopt;
}

}  // namespace fairway::bench
