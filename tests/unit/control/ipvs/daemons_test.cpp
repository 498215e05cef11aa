// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/daemons.hpp"

#include <linux/ip_vs.h>

#include <catch2/catch.hpp>

using namespace fairway;
using namespace fairway::control;
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

TEST_CASE("roles are the kernel's states") {
  CHECK(role_of(IP_VS_STATE_MASTER) == SyncRole::master);
  CHECK(role_of(IP_VS_STATE_BACKUP) == SyncRole::backup);
  CHECK(!role_of(0));
  CHECK(!role_of(3));
}

TEST_CASE("a synchronisation daemon needs an interface, a state and an id, and is started once") {
  CHECK(wanted(fields(IP_VS_STATE_MASTER, "nosuch"), {}).error == ENODEV);
  CHECK(wanted(fields(3), {}).error == EINVAL);
  auto incomplete = fields(IP_VS_STATE_MASTER);
  incomplete.is_full = false;
  CHECK(wanted(incomplete, {}).error == EINVAL);
  const SyncDaemons running{wanted(fields(IP_VS_STATE_MASTER), {}).daemon};
  CHECK(wanted(fields(IP_VS_STATE_MASTER, "nosuch"), running).error == EEXIST);
  CHECK(wanted(fields(IP_VS_STATE_BACKUP), running).error == 0);
}

TEST_CASE("what a synchronisation daemon is not told it has as in Linux 6.1") {
  const SyncDaemon master = wanted(fields(IP_VS_STATE_MASTER), {}).daemon;
  const SyncDaemon backup = wanted(fields(IP_VS_STATE_BACKUP), {}).daemon;
  CHECK(master.longest_message == 1472);
  CHECK(backup.longest_message == 65507);  // lo carries 64 KB
  for (const SyncDaemon& daemon : {master, backup}) {
    CHECK(net::to_string(daemon.group) == "224.0.0.81");
    CHECK(daemon.port == 8848);
    CHECK(daemon.ttl == 1);
    CHECK(daemon.sync_id == 7);
  }
  auto small = fields(IP_VS_STATE_BACKUP);
  small.longest_message = 20;
  CHECK(wanted(small, {}).daemon.longest_message == 1024);
}
