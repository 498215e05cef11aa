// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/defence.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace fairway;
using conn::State;
using forward::Defence;

namespace {

constexpr base::Stamp start{1000};

conn::Hot entry(State state, std::uint32_t in_packets = 0) {
  conn::Hot made{};
  made.state = state;
  made.in_packets = in_packets;
  made.last_seen = start;
  return made;
}

std::vector<bool> drops(Defence& defence, unsigned count) {
  std::vector<bool> dropped;
  for (unsigned i = 0; i < count; ++i) dropped.push_back(defence.drops_packet());
  return dropped;
}

}  // namespace

TEST_CASE("without settings nothing is dropped and TCP's states are the usual ones") {
  Defence defence;
  defence.update({}, 0);
  CHECK(drops(defence, 3) == std::vector<bool>{false, false, false});
  CHECK_FALSE(defence.drops_entries());
  CHECK(&defence.machines() == &conn::tcp::machines);
}

TEST_CASE("modes 1 and 2 come on when fewer places than amemthresh are free, and go off again") {
  const std::uint32_t mode = GENERATE(1u, 2u);
  const service::Settings settings{.amemthresh = 100, .drop_entry = mode, .drop_packet = mode, .secure_tcp = mode};
  Defence defence;
  for (const std::uint32_t free : {100u, 99u, 100u, 0u, 1000u}) {
    CAPTURE(free);
    defence.update(settings, free);
    const bool is_on = free < 100;
    CHECK(defence.drops_entries() == is_on);
    CHECK((&defence.machines() == &conn::tcp::secure_machines) == is_on);
    const std::vector<bool> dropped = drops(defence, 200);
    CHECK((std::count(dropped.begin(), dropped.end(), true) > 0) == is_on);
  }
}

TEST_CASE("mode 3 is always on") {
  Defence defence;
  defence.update({.am_droprate = 2, .drop_entry = 3, .drop_packet = 3, .secure_tcp = 3}, 1'000'000);
  CHECK(defence.drops_entries());
  CHECK(&defence.machines() == &conn::tcp::secure_machines);
  CHECK(drops(defence, 5) == std::vector<bool>{true, false, true, false, true});
}

TEST_CASE("the fewer places are left, the more packets are dropped") {
  Defence defence;
  const service::Settings settings{.amemthresh = 100, .drop_packet = 1};
  defence.update(settings, 75);  // 100 / 25
  CHECK(drops(defence, 8) == std::vector<bool>{false, false, false, true, false, false, false, true});
  defence.update(settings, 40);  // 100 / 60
  CHECK(drops(defence, 3) == std::vector<bool>{true, true, true});
}

TEST_CASE("drop_entry ends half-open connections at once, and no closing ones") {
  Defence defence;
  for (const State state : {State::syn_recv, State::synack}) CHECK(defence.drops(entry(state), start));
  for (const State state : {State::none, State::syn_sent, State::fin_wait, State::time_wait, State::close,
                            State::close_wait, State::last_ack, State::listen})
    CHECK_FALSE(defence.drops(entry(state, 1), base::later(start, 600'000)));
}

TEST_CASE("drop_entry ends what has been idle for a minute after one to eight packets, the sooner the fewer") {
  const State state = GENERATE(State::established, State::udp);
  const std::uint32_t packets = GENERATE(range(0u, 11u));
  Defence defence;
  CHECK_FALSE(defence.drops(entry(state, packets), base::later(start, 59'999)));
  unsigned ended = 0;
  for (unsigned i = 0; i < 80; ++i)
    if (defence.drops(entry(state, packets), base::later(start, 60'000))) ++ended;
  const bool is_looked_at = packets >= 1 && packets <= 8;
  CHECK(ended == (is_looked_at ? (80 + packets - 1) / packets : 0));
}
