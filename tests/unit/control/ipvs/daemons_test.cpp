// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/daemons.hpp"

#include <linux/ip_vs.h>

#include <catch2/catch.hpp>

using namespace fairway;
using namespace fairway::control::ipvs;

namespace {

DaemonFields fields(std::uint32_t state, const char* interface = "lo") {
  DaemonFields made;
  made.state = state;
  made.interface = interface;
  made.sync_id = 7;
  made.is_full = true;
  return made;
}

}  // namespace

TEST_CASE("a synchronisation daemon is started once and stopped once") {
  SyncDaemons daemons;
  CHECK(daemons.stop(fields(IP_VS_STATE_MASTER)) == ESRCH);
  CHECK(daemons.start(fields(IP_VS_STATE_BACKUP)) == 0);
  CHECK(daemons.start(fields(IP_VS_STATE_MASTER)) == 0);
  CHECK(daemons.start(fields(IP_VS_STATE_MASTER)) == EEXIST);
  CHECK(daemons.start(fields(3)) == EINVAL);
  CHECK(daemons.stop(fields(0)) == EINVAL);
  REQUIRE(daemons.running().size() == 2);
  CHECK(daemons.running()[0].state == IP_VS_STATE_MASTER);
  CHECK(daemons.stop(fields(IP_VS_STATE_MASTER)) == 0);
  CHECK(daemons.running().size() == 1);
}

TEST_CASE("a synchronisation daemon needs an interface, a state and an id") {
  SyncDaemons daemons;
  CHECK(daemons.start(fields(IP_VS_STATE_MASTER, "nosuch")) == ENODEV);
  auto incomplete = fields(IP_VS_STATE_MASTER);
  incomplete.is_full = false;
  CHECK(daemons.start(incomplete) == EINVAL);
  CHECK(daemons.running().empty());
}

TEST_CASE("what a synchronisation daemon is not told it has as in Linux 6.1") {
  SyncDaemons daemons;
  REQUIRE(daemons.start(fields(IP_VS_STATE_MASTER)) == 0);
  REQUIRE(daemons.start(fields(IP_VS_STATE_BACKUP)) == 0);
  const auto running = daemons.running();
  CHECK(running[0].longest_message == 1472);
  CHECK(running[1].longest_message == 65507);  // lo carries 64 KB
  for (const SyncDaemon& daemon : running) {
    CHECK(net::to_string(daemon.group) == "224.0.0.81");
    CHECK(daemon.port == 8848);
    CHECK(daemon.ttl == 1);
    CHECK(daemon.sync_id == 7);
  }
  CHECK(daemons.stop(fields(IP_VS_STATE_BACKUP)) == 0);
  auto small = fields(IP_VS_STATE_BACKUP);
  small.longest_message = 20;
  REQUIRE(daemons.start(small) == 0);
  CHECK(daemons.running()[1].longest_message == 1024);
}
