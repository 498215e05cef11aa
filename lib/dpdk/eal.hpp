// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "dpdk/eal_log.hpp"
#include "dpdk/port.hpp"

namespace fairway::dpdk {

struct EalSettings {
  std::vector<unsigned> worker_cpus = {};         // one a worker, each of its own
  std::vector<std::string> virtual_devices = {};  // net_tap0,iface=x
  std::vector<std::string> pci_devices = {};      // 0000:03:00.0; may have arguments too
  bool hugepages = false;
  std::size_t memory_megabytes = 512;  // for pools, indexes and rings
  std::string file_prefix = "fairway";
};

/// Megabytes of hugepages of all sizes that nobody uses.
std::size_t free_hugepage_megabytes();
inline bool hugepages_available(std::size_t megabytes) { return free_hugepage_megabytes() >= megabytes; }

/// DPDK's environment: its memory, its devices and one pinned thread a worker. A process can have it once: it cannot be
/// started again after it ended. All else that DPDK makes (pools, ports, indexes) must have ended before it.
class Eal {
 public:
  /// Errors are one line each, for the operator. The calling thread, and threads it makes from now on, run on the CPUs
  /// that no worker has; if there are none, on all.
  static base::Result<Eal> start(const EalSettings& settings, LogSink sink);
  Eal(Eal&&) noexcept;
  Eal& operator=(Eal&&) = delete;
  ~Eal();

  /// Makes one more virtual device.
  base::Result<void> add_device(const std::string& device);
  /// As Port::open, with the driver's own words added to an error.
  base::Result<Port> open_port(const PortSettings& settings, std::span<Pool* const> pools);

  unsigned workers() const;
  /// The NUMA node of a worker's CPU.
  int socket(unsigned worker) const;
  /// Runs `work` on the worker's thread, where no signal is handled. The worker must not be running something else.
  base::Result<void> launch(unsigned worker, std::function<void()> work);
  /// Waits until what was launched on every worker has returned.
  void join();

 private:
  struct State;
  explicit Eal(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace fairway::dpdk
