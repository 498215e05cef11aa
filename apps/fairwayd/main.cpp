// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "config/load.hpp"
#include "fairwayd/daemon.hpp"
#include "fairwayd/log.hpp"
#include "sched/registry.hpp"

namespace {

using namespace fairway;

/// Prints what is wrong or doubtful with the file. True if it can be used.
bool report(const std::string& file, const config::Loaded& loaded) {
  for (const auto& warning : loaded.warnings)
    std::cerr << config::to_string(file, {warning.line, warning.column, "warning: " + warning.message}) << '\n';
  for (const auto& problem : loaded.problems) std::cerr << config::to_string(file, problem) << '\n';
  return loaded.problems.empty();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Fairway, a layer-4 load balancer on DPDK.", "fairwayd"};
  std::string file = "/etc/fairway/fairway.yaml";
  bool check_only = false, verbose = false;
  app.add_option("-c,--config", file, "The configuration file")->capture_default_str();
  app.add_flag("--check", check_only, "Check the configuration and end; exit status 1 if it is wrong");
  app.add_flag("-v,--verbose", verbose, "Log more");
  app.set_version_flag("--version", FAIRWAY_VERSION);
  app.footer(
      "SIGHUP reads the configuration again, as fairwayctl reload does. SIGTERM and SIGINT end the director.\n"
      "Exit status: 0 stopped by SIGTERM or SIGINT, 1 could not start, 2 wrong usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  const config::Loaded loaded = config::load(file, sched::is_known);
  if (!report(file, loaded)) return 1;
  if (check_only) {
    std::cout << file << ": ok\n";
    return 0;
  }
  daemon::set_up_log(verbose);
  const auto ended = daemon::run(*loaded.configuration, std::filesystem::absolute(file).string());
  if (ended) return 0;
  spdlog::critical("{}", ended.error().message);
  return 1;
}
