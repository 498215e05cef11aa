// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/replay.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "control/difference.hpp"
#include "support/control.hpp"
#include "support/inventory.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::ControlFixture;
using fairway::test::key;
using fairway::test::port;

namespace {

/// Commands of which many are refused: few names, and values at the edge.
class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}

  Command command() {
    switch (number(12)) {
      case 0: return AddService{spec()};
      case 1:
        return EditService{.key = service(),
                           .name = maybe(std::string("n") + std::to_string(number(3))),
                           .scheduler = maybe(scheduler()),
                           .scheduler_flags = maybe(flags()),
                           .forwarding = maybe(forwarding()),
                           .persistence = maybe(number(2) * 60),
                           .persistence_prefix = maybe<std::uint8_t>(number(2) ? 24 : 32),
                           .one_packet = maybe(number(4) == 0)};
      case 2: return DeleteService{service()};
      case 3:
      case 4:
        return AddServer{.service = service(),
                         .address = address(),
                         .port = port(80),
                         .weight = number(3),
                         .forwarding = maybe(forwarding()),
                         .upper_threshold = number(3),
                         .lower_threshold = number(3),
                         .last_weight = number(4) ? 0 : number(9)};
      case 5:
      case 6:
        return EditServer{.service = service(),
                          .address = address(),
                          .port = port(80),
                          .weight = maybe(number(9)),
                          .forwarding = maybe(forwarding()),
                          .upper_threshold = maybe(number(3)),
                          .lower_threshold = maybe(number(3)),
                          .last_weight = number(4) ? std::nullopt : maybe(number(9))};
      case 7: return DeleteServer{.service = service(), .address = address(), .port = port(80)};
      case 8: return AddMark{.rule = rule(), .position = maybe(number(4))};
      case 9: return DeleteMark{.like = rule(), .exact = number(2) == 0};
      case 10: return EditSettings{{{&service::settings_table[number(3)], number(3)}}};
      default: break;
    }
    const SyncRole role = number(2) ? SyncRole::master : SyncRole::backup;
    if (number(2)) return StopSyncDaemon{role};
    return StartSyncDaemon{{.role = role,
                            .interface = "eth0",
                            .sync_id = number(3),
                            .longest_message = 1472,
                            .group = test::address("224.0.0.81"),
                            .port = 8848,
                            .ttl = 1}};
  }

 private:
  std::uint32_t number(std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(random_);
  }
  template <class T>
  std::optional<T> maybe(T value) {
    return number(2) ? std::optional(std::move(value)) : std::nullopt;
  }
  service::ServiceKey service() { return number(6) ? key(1 + number(3), number(8) ? 80 : 0) : service::mark_key(7); }
  std::string scheduler() {
    constexpr std::array names{"rr", "sh", "mh", "none"};
    return names[number(names.size())];
  }
  service::SchedulerFlags flags() {
    service::SchedulerFlags made;
    if (number(3) == 0) made.add(static_cast<service::SchedulerFlag>(number(4)));
    return made;
  }
  service::Forwarding forwarding() { return static_cast<service::Forwarding>(number(3)); }
  net::Address address() { return net::Ipv4Address(0xc0000200u + number(4)); }
  service::ServiceSpec spec() {
    service::ServiceSpec made{.name = "s",
                              .key = service(),
                              .scheduler = scheduler(),
                              .scheduler_flags = flags(),
                              .persistence = number(2) * 60,
                              .servers = {}};
    if (made.persistence) made.persistence_prefix = number(2) ? 32 : 0;
    for (std::uint32_t i = number(3); i > 0; --i)
      made.servers.push_back(
          {.address = address(), .port = port(80), .weight = number(3), .last_weight = number(4) ? 0 : number(9)});
    return made;
  }
  service::MarkRule rule() {
    service::MarkRule made{.mark = number(3)};
    if (number(2)) made.protocol = net::Protocol::tcp;
    if (number(2)) made.destination_ports = {80, 80};
    return made;
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE_METHOD(ControlFixture,
                 "a replay takes and refuses what the director does, in the same words, and ends where it does") {
  Replay replay;
  Dice dice(1);
  std::size_t taken = 0;
  for (int i = 0; i < 4000; ++i) {
    const Command command = dice.command();
    INFO(to_json(command).dump());
    const std::string error = apply(command);
    const auto replayed = replay.apply(command);
    REQUIRE((replayed ? "" : replayed.error().message) == error);
    taken += error.empty();
  }
  CHECK(taken > 500);
  CHECK(taken < 3500);
  CHECK(replay.take() == director.inventory());
}

TEST_CASE("the difference of any two inventories leads from one to the other, through JSON too") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::array<Inventory, 2> ends;
    for (unsigned i = 0; i < 2; ++i) {
      Replay replay;
      Dice dice(seed * 2 + i);
      for (int count = 0; count < 60; ++count) [[maybe_unused]] const auto done = replay.apply(dice.command());
      ends[i] = replay.take();
    }
    Replay replay;
    for (const Command& command : difference({}, ends[0])) REQUIRE(replay.apply(command));
    CHECK(replay.take() == ends[0]);
    for (const Command& command : difference({}, ends[0])) REQUIRE(replay.apply(command));
    for (const Command& command : difference(ends[0], ends[1])) {
      const auto read = command_from_json(to_json(command));
      REQUIRE(read);
      INFO(to_json(command).dump());
      const auto done = replay.apply(*read);
      CHECK((done ? "" : done.error().message) == "");
    }
    const Inventory made = replay.take();
    CHECK(made.marks == ends[1].marks);
    CHECK(made.settings == ends[1].settings);
    CHECK(made.sync_daemons == ends[1].sync_daemons);
    CHECK(difference(made, ends[1]).empty());
    CHECK(difference(ends[1], made).empty());
  }
}
