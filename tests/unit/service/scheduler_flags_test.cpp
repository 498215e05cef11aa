// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/scheduler_flags.hpp"

#include <catch2/catch.hpp>

using namespace fairway::service;

TEST_CASE("every scheduler flag is found by its name, and bears its scheduler's") {
  for (const SchedulerFlagInfo& info : scheduler_flags) {
    CHECK(parse_scheduler_flag(info.name) == info.flag);
    CHECK(info.name.starts_with(info.scheduler));
    SchedulerFlags flags;
    flags.add(info.flag);
    CHECK(to_string(flags) == info.name);
    for (const SchedulerFlagInfo& other : scheduler_flags) CHECK(flags.has(other.flag) == (other.name == info.name));
  }
  for (const auto* name : {"", "port", "sh_port", "SH-PORT", "sh-port,sh-fallback"})
    CHECK_FALSE(parse_scheduler_flag(name));
}

TEST_CASE("flags print in ipvsadm's order, whatever order they came in") {
  SchedulerFlags flags;
  CHECK(flags.empty());
  CHECK(to_string(flags).empty());
  flags.add(SchedulerFlag::sh_port);
  flags.add(SchedulerFlag::sh_fallback);
  flags.add(SchedulerFlag::sh_port);
  CHECK(to_string(flags) == "sh-fallback,sh-port");
  CHECK_FALSE(flags.empty());
}

TEST_CASE("a list of flags is read back as it is printed, and in any order") {
  for (const auto* text : {"", "sh-port", "sh-fallback,sh-port", "sh-fallback,mh-port"}) {
    REQUIRE(parse_scheduler_flags(text));
    CHECK(to_string(*parse_scheduler_flags(text)) == text);
  }
  CHECK(parse_scheduler_flags("sh-port,sh-fallback") == parse_scheduler_flags("sh-fallback,sh-port"));
  for (const auto* text : {",", "sh-port,", ",sh-port", "sh-port,,sh-fallback", "sh-port sh-fallback", "flag"})
    CHECK_FALSE(parse_scheduler_flags(text));
}

TEST_CASE("the kernel's bits of a scheduler's flags differ") {
  CHECK(scheduler_flags[0].kernel_bit == 0x08);  // IP_VS_SVC_F_SCHED1
  CHECK(scheduler_flags[1].kernel_bit == 0x10);  // IP_VS_SVC_F_SCHED2
  CHECK(scheduler_flags[2].kernel_bit == 0x08);
  CHECK(scheduler_flags[3].kernel_bit == 0x10);
}
