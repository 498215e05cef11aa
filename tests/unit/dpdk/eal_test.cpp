// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/eal.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "support/eal.hpp"

namespace {
using namespace fairway;
}

TEST_CASE("work runs on the worker's own CPU, with signals blocked, and can be awaited") {
  auto& eal = tests::eal();
  REQUIRE(eal.workers() == 1);
  int cpu = -1;
  bool blocked = false;
  cpu_set_t mask;
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
}
