// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <fmt/core.h>
#include <sched.h>
#include <unistd.h>

#include <optional>

#include "dpdk/eal.hpp"
#include "fairway-bench/bench.hpp"
#include "fairway-bench/instructions.hpp"

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

/// The last ones up to that CPU, one a worker's thread.
std::vector<unsigned> cpus(const Options& options) {
  const unsigned last = options.cpu.value_or(last_usable_cpu()), threads = options.threads ? options.plan.workers : 1;
  std::vector<unsigned> all;
  for (unsigned i = 0; i < threads && i <= last; ++i) all.push_back(last - i);
  return all;
}

dpdk::EalSettings eal_settings(const Options& options) {
  const std::size_t memory = bench::megabytes_for(options, true);
  dpdk::EalSettings settings;
  settings.worker_cpus = cpus(options);
  settings.hugepages = options.hugepages == "yes" || (options.hugepages == "auto" && dpdk::hugepages_available(memory));
  settings.memory_megabytes = settings.hugepages ? memory : bench::megabytes_for(options, false);
  settings.file_prefix = "fairway-bench-" + std::to_string(getpid());
  return settings;
}

int complain(const base::Error& error) {
  fmt::print(stderr, "fairway-bench: {}\n", error.message);
  return 1;
}

base::Result<bench::Report> measure(const Options& options, bool hugepages, dpdk::Eal& eal) {
  const auto on_all = [&](const std::function<void(unsigned)>& work) -> base::Result<void> {
    for (unsigned worker = 0; worker < eal.workers(); ++worker)
      if (auto launched = eal.launch(worker, [&, worker] { work(worker); }); !launched) return launched;
    eal.join();
    return {};
  };
  if (options.threads) return bench::run(options, hugepages, on_all);
  std::optional<base::Result<bench::Report>> report;
  if (auto launched = eal.launch(0, [&] { report.emplace(bench::run(options, hugepages)); }); !launched)
    return launched.error();
  eal.join();
  return *report;
}

int run(int argc, char** argv, const Options& options) {
  const dpdk::EalSettings settings = eal_settings(options);
  if (options.threads && settings.worker_cpus.size() < options.plan.workers)
    return complain({"--threads: a worker each needs a CPU of its own, there are too few up to the one of --cpu"});
  auto eal =
      dpdk::Eal::start(settings, [](dpdk::Severity, std::string_view line) { fmt::print(stderr, "{}\n", line); });
  if (!eal) return complain(eal.error());
  auto report = measure(options, settings.hugepages, *eal);
  if (!report) return complain(report.error());
  if (options.instructions)
    if (auto counted = bench::count_instructions(argc, argv, *report); !counted) return complain(counted.error());
  fmt::print("{}", options.json ? bench::json_line(*report) : bench::table(*report));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto status = bench::parse(argc, argv, options)) return *status;
  return run(argc, argv, options);
}
