// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayd/plan.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace fairway::daemon {
namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20;

std::vector<unsigned> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

/// The CPUs that the file names, or the last ones that this process may use: the first ones are where Linux likes to work.
base::Result<std::vector<unsigned>> choose_cpus(const config::Director& director) {
  const std::vector<unsigned> usable = usable_cpus();
  if (director.worker_cpus.empty()) {
    if (director.worker_count > usable.size())
      return base::Error{std::to_string(director.worker_count) +
                         " workers need as many CPUs, but this process may use " + std::to_string(usable.size())};
    return std::vector<unsigned>(usable.end() - director.worker_count, usable.end());
  }
  for (const unsigned cpu : director.worker_cpus)
    if (std::find(usable.begin(), usable.end(), cpu) == usable.end())
      return base::Error{"CPU " + std::to_string(cpu) + " is not one that this process may use"};
  return director.worker_cpus;
}

/// Every queue may be full of packets, and so may rings, outboxes and the caches of the threads; or as the file says.
dpdk::PoolSettings plan_pool(const config::Configuration& configuration, std::size_t workers) {
  std::size_t packets = 4096, largest_mtu = 1500;
  for (const config::Port& port : configuration.ports) {
    const std::size_t queues = port.queues > 0 ? port.queues : workers;
    packets += queues * 2 * 1024;
    largest_mtu = std::max<std::size_t>(largest_mtu, port.mtu);
  }
  packets += workers * 1024;
  packets = std::max<std::size_t>(packets, configuration.director.packet_buffers);
  constexpr std::size_t link_layer = 64, usual_frame = 2048;
  return {.packets = static_cast<std::uint32_t>(packets - 1),
          .frame_bytes = static_cast<std::uint16_t>(std::max(usual_frame, largest_mtu + link_layer)),
          .cache = 256,
          .socket = -1};
}

worker::IdleKind idle_kind(config::Idle idle) {
  switch (idle) {
    case config::Idle::spin: return worker::IdleKind::spin;
    case config::Idle::sleep: return worker::IdleKind::sleep;
    case config::Idle::wait: return worker::IdleKind::wait;
  }
  return worker::IdleKind::wait;
}

/// Megabytes of DPDK's memory. Without hugepages the tables lie in the kernel's own pages.
std::size_t plan_memory(const Plan& plan, bool hugepages) {
  constexpr std::size_t for_devices_and_rings = 64;
  const std::size_t tables = hugepages ? plan.tables.total() : 0;
  const std::size_t bytes = tables + dpdk::Pool::bytes_for(plan.pool, hugepages);
  return for_devices_and_rings + (bytes + bytes / 16) / megabyte;
}

base::Result<bool> choose_hugepages(const Plan& plan, config::Hugepages wanted) {
  if (wanted == config::Hugepages::never) return false;
  const std::size_t needed = plan_memory(plan, true), free = dpdk::free_hugepage_megabytes();
  if (free >= needed) return true;
  if (wanted == config::Hugepages::automatic) return false;
  return base::Error{"director.hugepages: " + std::to_string(needed) + " MB of hugepages are needed and " +
                     std::to_string(free) + " MB are free (/proc/sys/vm/nr_hugepages)"};
}

}  // namespace

base::Result<Plan> make_plan(const config::Configuration& configuration) {
  Plan plan;
  auto cpus = choose_cpus(configuration.director);
  if (!cpus) return cpus.error();
  plan.eal.worker_cpus = std::move(*cpus);
  const std::size_t workers = plan.eal.worker_cpus.size();
  plan.pool = plan_pool(configuration, workers);
  plan.runtime = {.idle = idle_kind(configuration.director.idle),
                  .connections = configuration.director.connections,
                  .connections_ipv6 = configuration.director.connections_ipv6,
                  .kernel_packets_per_second = configuration.director.kernel_packets_per_second};
  plan.tables = worker::table_memory(plan.runtime, static_cast<unsigned>(workers));
  auto hugepages = choose_hugepages(plan, configuration.director.hugepages);
  if (!hugepages) return hugepages.error();
  plan.eal.hugepages = *hugepages;
  plan.eal.memory_megabytes = plan_memory(plan, *hugepages);
  plan.eal.file_prefix = "fairway" + std::to_string(getpid());
  for (const config::Port& port : configuration.ports) {
    const bool is_virtual = port.device.starts_with("net_");
    (is_virtual ? plan.eal.virtual_devices : plan.eal.pci_devices).push_back(port.device);
  }
  return plan;
}

}  // namespace fairway::daemon
