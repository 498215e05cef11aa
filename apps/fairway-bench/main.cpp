// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <fmt/core.h>
#include <sched.h>
#include <unistd.h>

#include <optional>

#include "dpdk/eal.hpp"
#include "fairway-bench/deck.hpp"
#include "fairway-bench/report.hpp"

namespace {

using namespace fairway;
using bench::Options;

unsigned last_usable_cpu() {
  cpu_set_t mask;
  sched_getaffinity(0, sizeof mask, &mask);
  unsigned last = CPU_SETSIZE - 1;
  while (last > 0 && !CPU_ISSET(last, &mask)) --last;
  return last;
}

dpdk::EalSettings eal_settings(const Options& options) {
  constexpr std::size_t rest = 64;  // megabytes
  dpdk::EalSettings settings;
  settings.worker_cpus = {options.cpu.value_or(last_usable_cpu())};
  const std::size_t tables = bench::memory_for(options.plan);
  const auto with = [&](bool hugepages) {
    return ((tables + dpdk::Pool::bytes_for(bench::Deck::pool_settings(), hugepages)) >> 20) * 17 / 16 + rest;
  };
  settings.hugepages =
      options.hugepages == "yes" || (options.hugepages == "auto" && dpdk::hugepages_available(with(true)));
  settings.memory_megabytes = with(settings.hugepages);
  settings.file_prefix = "fairway-bench-" + std::to_string(getpid());
  return settings;
}

int complain(const base::Error& error) {
  fmt::print(stderr, "fairway-bench: {}\n", error.message);
  return 1;
}

int run(const Options& options) {
  const dpdk::EalSettings settings = eal_settings(options);
  auto eal =
      dpdk::Eal::start(settings, [](dpdk::Severity, std::string_view line) { fmt::print(stderr, "{}\n", line); });
  if (!eal) return complain(eal.error());
  std::optional<base::Result<bench::Figures>> figures;
  if (auto launched = eal->launch(0, [&] { figures.emplace(bench::measure(options.plan, options.rounds)); }); !launched)
    return complain(launched.error());
  eal->join();
  if (!*figures) return complain(figures->error());
  if (!options.json)
    bench::print_table(options, settings.hugepages, **figures);
  else
    bench::print_json(options, settings.hugepages, **figures);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto status = bench::parse(argc, argv, options)) return *status;
  return run(options);
}
