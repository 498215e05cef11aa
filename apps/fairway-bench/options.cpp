// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/options.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "sched/registry.hpp"

namespace fairway::bench {
namespace {

constexpr const char* modes =
    "What is measured.\n"
    "dr, nat, tun: established flows, by forwarding method (nat: each direction, and both in turn)\n"
    "new: connections that are opened by a SYN while as many run out, --flows being there\n"
    "mixed: established flows among new ones (--new)\n"
    "syn-flood: SYNs that nobody ever answers, alone and one to one with established flows\n"
    "collisions: what chosen tuples cost the index\n"
    "scheduling: what a new connection costs by scheduler";

void add_traffic(CLI::App& app, Options& options, std::string& forwarding, std::string& size) {
  Plan& plan = options.plan;
  app.add_option("--flows", plan.flows, "Connections that are there; 1,000,000 with new, mixed, syn-flood")
      ->check(CLI::Range(1u, 200'000'000u))
      ->capture_default_str();
  app.add_option("--places", plan.places,
                 "Connections that the table has room for; an eighth more than the flows if not given")
      ->check(CLI::Range(1u, 250'000'000u));
  app.add_option("--services", plan.services, "Services that they go to")
      ->check(CLI::Range(1u, Plan::most_services))
      ->capture_default_str();
  app.add_option("--servers", plan.servers, "Real servers of each service; 64 with new, mixed, syn-flood")
      ->check(CLI::Range(1u, 65'536u))
      ->capture_default_str();
  app.add_option("--scheduler", plan.scheduler, "Of each service; wlc with new, mixed, syn-flood")
      ->check(CLI::Validator([](const std::string& name) { return sched::find(name) ? "" : name + " is no scheduler"; },
                             "NAME"))
      ->capture_default_str();
  app.add_option("--forwarding", forwarding, "Of new, mixed, syn-flood: dr, nat or tun")
      ->check(CLI::IsMember({"dr", "nat", "tun"}))
      ->capture_default_str();
  app.add_option("--new", options.new_share, "Of mixed: per cent of the packets that open a connection")
      ->check(CLI::Range(1u, 99u))
      ->capture_default_str();
  app.add_option("--size", size,
                 "Bytes of a frame on the wire with its checksum, 64 to 1518, or imix (7:4:1 of 64, 594, 1518)")
      ->capture_default_str();
}

void add_workers(CLI::App& app, Options& options) {
  app.add_option("--burst", options.burst, "Packets that a worker takes at once")
      ->check(CLI::Range(1u, forward::burst_size))
      ->capture_default_str();
  app.add_option("--workers", options.plan.workers,
                 "Workers with a table each, in turn on one core unless --threads is given")
      ->check(CLI::Range(1u, 64u))
      ->capture_default_str();
  app.add_option("--handed-over", options.handed_over,
                 "With several workers: per cent of the packets that come to another worker than their flow's owner")
      ->check(CLI::Range(0u, 100u))
      ->capture_default_str();
  app.add_flag("--threads", options.threads, "Each worker on a core of its own");
  app.add_option("--cpu", options.cpu,
                 "Where it runs, the last usable one if not given; with --threads, and those below");
}

void add_output(CLI::App& app, Options& options) {
  app.add_option("--rounds", options.rounds, "Passes over 16,384 packets of random flows")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  app.add_flag("--json", options.json, "Prints one line of JSON, not a table");
  app.add_flag("--progress", options.progress, "Tells on standard error how far it is, even where that is no terminal");
  app.add_flag("--instructions", options.instructions, "Counts instructions too, by valgrind's callgrind");
  app.add_option("--hugepages", options.hugepages, "Pages of 2 MB; auto: if enough are free")
      ->check(CLI::IsMember({"auto", "yes", "no"}))
      ->capture_default_str();
}

bool reads_size(const std::string& text, FrameSizes& sizes) {
  if (text == "imix") {
    sizes = FrameSizes::imix();
    return true;
  }
  unsigned number = 0;
  if (!CLI::detail::lexical_cast(text, number) || number < FrameSizes::least || number > FrameSizes::most) return false;
  sizes = FrameSizes(static_cast<std::uint16_t>(number));
  return true;
}

/// What the modes that open connections take unless they are told.
void set_defaults(const CLI::App& app, Options& options) {
  if (options.mode != "new" && options.mode != "mixed" && options.mode != "syn-flood") return;
  if (app.count("--flows") == 0) options.plan.flows = 1'000'000;
  if (app.count("--servers") == 0) options.plan.servers = 64;
  if (app.count("--scheduler") == 0) options.plan.scheduler = "wlc";
}

void check(const Options& options) {
  const Plan& plan = options.plan;
  if (std::uint64_t{plan.services} * plan.servers > Plan::most_servers)
    throw CLI::ValidationError("--servers", "at most 1,048,576 over all services");
  constexpr std::uint32_t kept_free = 2 * forward::burst_size;  // a table that has fewer gives half-open ones up
  if (plan.places != 0 && plan.places < plan.flows + kept_free)
    throw CLI::ValidationError("--places", "at least 64 more than the flows");
  if (plan.workers > 1 && !options.is_of_established())
    throw CLI::ValidationError("--workers", "several only with the modes dr, nat and tun");
  if (plan.workers == 1 && (options.threads || options.handed_over > 0))
    throw CLI::ValidationError("--workers", "--threads and --handed-over ask for several");
}

}  // namespace

std::optional<int> parse(int argc, char** argv, Options& options) {
  CLI::App app{"Measures Fairway's pipeline on packets in memory, beside the floor of the same run"};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.set_version_flag("--version", "fairway-bench " FAIRWAY_VERSION);
  app.add_option("--mode", options.mode, modes)
      ->check(CLI::IsMember({"dr", "nat", "tun", "new", "mixed", "syn-flood", "collisions", "scheduling"}))
      ->capture_default_str();
  std::string forwarding = "nat", size = "64";
  add_traffic(app, options, forwarding, size);
  add_workers(app, options);
  add_output(app, options);
  try {
    app.parse(argc, argv);
    set_defaults(app, options);
    check(options);
    if (!reads_size(size, options.sizes)) throw CLI::ValidationError("--size", "neither 64 to 1518 nor imix");
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  options.progress |= isatty(STDERR_FILENO) != 0;
  options.plan.forwarding = service::parse_forwarding(options.is_of_established() ? options.mode : forwarding).value();
  return std::nullopt;
}

}  // namespace fairway::bench
