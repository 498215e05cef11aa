// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/eal.hpp"

#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include "dpdk/devices.hpp"

namespace fairway::dpdk {
namespace {

constexpr unsigned first_worker_lcore = 1;  // the main thread is lcore 0

std::set<unsigned> usable_cpus() {
  cpu_set_t mask;
  std::set<unsigned> cpus;
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &mask)) cpus.insert(cpu);
  return cpus;
}

std::string join(const std::set<unsigned>& numbers) {
  std::string text;
  for (const unsigned number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

base::Result<void> check_cpus(const std::vector<unsigned>& wanted) {
  const std::set<unsigned> usable = usable_cpus();
  std::set<unsigned> seen;
  if (wanted.size() + first_worker_lcore > RTE_MAX_LCORE)
    return base::Error{std::to_string(wanted.size()) + " workers are more than DPDK can have"};
  for (const unsigned cpu : wanted) {
    if (!usable.contains(cpu))
      return base::Error{"no worker can run on CPU " + std::to_string(cpu) + ": this process may use " + join(usable)};
    if (!seen.insert(cpu).second) return base::Error{"two workers on CPU " + std::to_string(cpu)};
  }
  return {};
}

base::Result<void> check_memory(const EalSettings& settings) {
  if (!settings.hugepages || hugepages_available(settings.memory_megabytes)) return {};
  return base::Error{"hugepages for " + std::to_string(settings.memory_megabytes) + " MB are needed, and " +
                     std::to_string(free_hugepage_megabytes()) +
                     " MB of them are free (/proc/sys/vm/nr_hugepages says how many of 2 MB there are)"};
}

std::string lcores(const std::vector<unsigned>& worker_cpus) {
  const std::set<unsigned> usable = usable_cpus();
  std::set<unsigned> others = usable;
  for (const unsigned cpu : worker_cpus) others.erase(cpu);
  std::string text = "0@(" + join(others.empty() ? usable : others) + ")";
  unsigned lcore = first_worker_lcore;
  for (const unsigned cpu : worker_cpus) text += "," + std::to_string(lcore++) + "@" + std::to_string(cpu);
  return text;
}

std::vector<std::string> arguments(const EalSettings& settings) {
  std::vector<std::string> list{"fairway",
                                "--lcores",
                                lcores(settings.worker_cpus),
                                "--no-telemetry",
                                "--log-level=warning",
                                "-m",
                                std::to_string(settings.memory_megabytes),
                                "--file-prefix",
                                settings.file_prefix};
  // Neither leaves files behind, nor can a second process join in. vhost and virtio_user peers map the memory by few files.
  if (settings.hugepages)
    list.insert(list.end(), {"--in-memory", "--single-file-segments"});
  else
    list.insert(list.end(), {"--no-huge", "--no-shconf"});
  if (settings.pci_devices.empty()) list.push_back("--no-pci");
  for (const std::string& device : settings.pci_devices) list.insert(list.end(), {"-a", device});
  return list;
}

// net_tap has the kernel signal each packet to the process, which costs the main thread a second of CPU time in five. If it
// finds every real-time signal in use, it reads its queue without being told, and is faster. Children must reset them.
void occupy_realtime_signals() {
  for (int number = SIGRTMIN + 1; number < SIGRTMAX; ++number) std::signal(number, SIG_IGN);
}

base::Result<void> initialize(const EalSettings& settings, EalLog& log) {
  std::vector<std::string> list = arguments(settings);
  std::vector<char*> pointers;
  for (std::string& argument : list) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  log.start_listening();
  if (rte_eal_init(static_cast<int>(list.size()), pointers.data()) >= 0) return {};
  std::string reason = log.reason();
  if (reason.empty()) reason = rte_strerror(rte_errno);
  return base::Error{"cannot start DPDK with " + std::to_string(settings.memory_megabytes) +
                     " MB of memory: " + reason};
}

// Synchronous faults go to the thread that makes them in any case, and tools that report them want to handle them.
void block_signals() {
  sigset_t set;
  sigfillset(&set);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGPROF}) sigdelset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::optional<std::size_t> read_number(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::size_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

}  // namespace

std::size_t free_hugepage_megabytes() {
  std::size_t kilobytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", error)) {
    const std::string name = entry.path().filename().string();  // hugepages-2048kB
    const auto pages = read_number(entry.path() / "free_hugepages");
    const auto reserved = read_number(entry.path() / "resv_hugepages");
    if (name.starts_with("hugepages-") && pages && *pages >= reserved.value_or(0))
      kilobytes += (*pages - reserved.value_or(0)) * std::stoul(name.substr(name.find('-') + 1));
  }
  return kilobytes / 1024;
}

struct Eal::State {
  /// What was launched on a worker. Control writes while the worker waits for some, but for the end of it, which the worker says.
  struct Work {
    std::function<void()> function;
    std::atomic<bool> is_done = true;
  };

  explicit State(LogSink sink) : log(std::move(sink)) {}

  EalLog log;
  bool running = false;
  std::deque<Work> work;  // by worker
};

Eal::Eal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Eal::Eal(Eal&&) noexcept = default;

Eal::~Eal() {
  if (!state_ || !state_->running) return;
  join();
  rte_eal_cleanup();
}

base::Result<Eal> Eal::start(const EalSettings& settings, LogSink sink) {
  if (auto result = check_cpus(settings.worker_cpus); !result) return result.error();
  if (auto result = check_memory(settings); !result) return result.error();
  for (const std::string& device : settings.pci_devices)
    if (auto result = check_pci_device(device); !result) return result.error();
  static std::atomic_flag started;
  if (started.test_and_set()) return base::Error{"DPDK can be started only once in a process"};
  occupy_realtime_signals();
  Eal eal(std::make_unique<State>(std::move(sink)));
  if (auto result = initialize(settings, eal.state_->log); !result) return result.error();
  eal.state_->running = true;
  eal.state_->work.resize(settings.worker_cpus.size());
  for (const std::string& device : settings.virtual_devices)
    if (auto result = eal.add_device(device); !result) return result.error();
  return eal;
}

base::Result<void> Eal::add_device(const std::string& device) { return create_virtual_device(device, state_->log); }

base::Result<Port> Eal::open_port(const PortSettings& settings, std::span<Pool* const> pools) {
  state_->log.start_listening();
  auto port = Port::open(settings, pools);
  const std::string reason = state_->log.reason();
  if (port || reason.empty()) return port;
  return base::Error{port.error().message + " (" + reason + ")"};
}

unsigned Eal::workers() const { return static_cast<unsigned>(state_->work.size()); }

int Eal::socket(unsigned worker) const { return static_cast<int>(rte_lcore_to_socket_id(worker + first_worker_lcore)); }

base::Result<void> Eal::launch(unsigned worker, std::function<void()> work) {
  const unsigned lcore = worker + first_worker_lcore;
  if (worker >= workers() || rte_eal_get_lcore_state(lcore) != WAIT)
    return base::Error{"worker " + std::to_string(worker) + " does not exist or is busy"};
  rte_eal_wait_lcore(lcore);
  state_->work[worker].function = std::move(work);
  state_->work[worker].is_done = false;
  const auto run = [](void* argument) {
    auto& launched = *static_cast<State::Work*>(argument);
    block_signals();
    launched.function();
    launched.is_done = true;
    launched.is_done.notify_all();
    return 0;
  };
  const int result = rte_eal_remote_launch(run, &state_->work[worker], lcore);
  if (result == 0) return {};
  state_->work[worker].is_done = true;
  return base::Error{"cannot launch worker " + std::to_string(worker) + ": " + rte_strerror(-result)};
}

// Asleep: EAL's own waiting spins, which takes a third of its speed from a worker on the other thread of the same core.
void Eal::join() {
  for (unsigned worker = 0; worker < workers(); ++worker) {
    state_->work[worker].is_done.wait(false);
    rte_eal_wait_lcore(worker + first_worker_lcore);
  }
}

}  // namespace fairway::dpdk
