// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <fmt/core.h>
#include <sched.h>
#include <unistd.h>

#include <optional>

#include "dpdk/eal.hpp"
#include "fairway-bench/bench.hpp"

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
  const std::size_t memory = bench::megabytes_for(options, true);
  dpdk::EalSettings settings;
  settings.worker_cpus = {options.cpu.value_or(last_usable_cpu())};
  settings.hugepages = options.hugepages == "yes" || (options.hugepages == "auto" && dpdk::hugepages_available(memory));
  settings.memory_megabytes = settings.hugepages ? memory : bench::megabytes_for(options, false);
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
  std::optional<base::Result<std::string>> text;
  if (auto launched = eal->launch(0, [&] { text.emplace(bench::run(options, settings.hugepages)); }); !launched)
    return complain(launched.error());
  eal->join();
  if (!*text) return complain(text->error());
  fmt::print("{}", **text);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto status = bench::parse(argc, argv, options)) return *status;
  return run(options);
}
