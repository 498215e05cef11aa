// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/eal.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "support/eal.hpp"

namespace {

using namespace fairway;

std::string error_of(const dpdk::EalSettings& settings) {
  const auto result = dpdk::Eal::start(settings, {});
  return result ? "started" : result.error().message;
}

}  // namespace

TEST_CASE("work runs on the worker's own CPU, with signals blocked, and can be awaited") {
  auto& eal = tests::eal();
  REQUIRE(eal.workers() == 1);
  int cpu = -1;
  bool blocked = false;
  cpu_set_t mask;
  for (int round = 0; round < 2; ++round) {
    REQUIRE(eal.launch(0, [&] {
      cpu = sched_getcpu();
      sched_getaffinity(0, sizeof mask, &mask);
      sigset_t signals;
      pthread_sigmask(SIG_BLOCK, nullptr, &signals);
      blocked = sigismember(&signals, SIGTERM) == 1 && sigismember(&signals, SIGSEGV) == 0;
    }));
    eal.join();
    CHECK(CPU_COUNT(&mask) == 1);
    CHECK(CPU_ISSET(static_cast<unsigned>(cpu), &mask));
    CHECK(blocked);
    cpu = -1;
  }
}

TEST_CASE("threads that are no workers leave the workers their CPUs, where there are others") {
  auto& eal = tests::eal();
  cpu_set_t worker, other;
  REQUIRE(eal.launch(0, [&] { sched_getaffinity(0, sizeof worker, &worker); }));
  eal.join();
  std::thread([&] { sched_getaffinity(0, sizeof other, &other); }).join();
  CHECK(CPU_COUNT(&other) >= 1);
  if (tests::usable_cpus == 1) return;
  cpu_set_t shared;
  CPU_AND(&shared, &worker, &other);
  CHECK(CPU_COUNT(&shared) == 0);
}

TEST_CASE("a worker that is busy or does not exist takes no work") {
  auto& eal = tests::eal();
  std::atomic<bool> done = false;
  REQUIRE(eal.launch(0, [&] { done.wait(false); }));
  CHECK_FALSE(eal.launch(0, [] {}));
  done = true;
  done.notify_one();
  eal.join();
  CHECK_FALSE(eal.launch(1, [] {}));
  CHECK(eal.launch(0, [] {}));
  eal.join();
}

TEST_CASE("what this machine lacks is one line each") {
  CHECK_THAT(error_of({.worker_cpus = {CPU_SETSIZE - 1}}),
             Catch::StartsWith("no worker can run on CPU 1023: this process may use "));
  cpu_set_t mask;
  REQUIRE(sched_getaffinity(0, sizeof mask, &mask) == 0);
  unsigned cpu = 0;
  while (!CPU_ISSET(cpu, &mask)) ++cpu;
  CHECK(error_of({.worker_cpus = {cpu, cpu}}) == "two workers on CPU " + std::to_string(cpu));
  CHECK_THAT(error_of({.hugepages = true, .memory_megabytes = std::size_t{1} << 40}),
             Catch::StartsWith("hugepages for 1099511627776 MB are needed, and "));
  CHECK(error_of({.pci_devices = {"ffff:ff:1f.7"}}) == "PCI device ffff:ff:1f.7 does not exist on this machine");
}

TEST_CASE("EAL starts once in a process") {
  tests::eal();
  CHECK(error_of({}) == "DPDK can be started only once in a process");
}

TEST_CASE("a lot of hugepages is not there, and no hugepage is enough for nothing") {
  CHECK(dpdk::hugepages_available(0));
  CHECK_FALSE(dpdk::hugepages_available(std::size_t{1} << 40));
}
