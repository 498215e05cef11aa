// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/table.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "support/connection_fixture.hpp"

using namespace fairway;
using namespace fairway::conn;
using namespace fairway::tests;
using base::later;
using service::Forwarding;

TEST_CASE_METHOD(ConnectionFixture<>, "a new connection is known by its tuple, in state none, as inactive") {
  const std::uint32_t slot = open(client(1), server(1));
  const auto found = find(client(1));
  REQUIRE(found);
  CHECK(*found == Reference::to(slot, false));
  const Hot& entry = table.hot(slot);
  CHECK(entry.state == State::none);
  CHECK(entry.has(Hot::live));
  CHECK(entry.has(Hot::inactive));
  CHECK(entry.v4.server == server(1).address.v4());
  CHECK(entry.server_port == server(1).port);
  CHECK(entry.v4.virtual_address == client(1).destination);
  CHECK(entry.virtual_port == client(1).destination_port);
  CHECK(entry.server_id == server(1).id);
  CHECK(table.cold(slot).service_id == service::ServiceId{5});
  CHECK(entry.v4.client == client(1).source);
  CHECK(entry.client_port == client(1).source_port);
  CHECK(counts(1) == Counted{.connections = 1, .active = 0, .inactive = 1});
  CHECK(table.counts().connections == 1);
}

TEST_CASE_METHOD(ConnectionFixture<>, "only a NAT connection is known by its replies too, and is not told NOOUTPUT") {
  const std::uint32_t nat = open(client(1), server(1));
  CHECK(find(reply(client(1), server(1))) == Reference::to(nat, true));
  CHECK_FALSE(table.hot(nat).has(Hot::no_output));
  const auto forwarding = GENERATE(Forwarding::dr, Forwarding::tun);
  const std::uint32_t other = open(client(2), server(2, forwarding));
  CHECK_FALSE(find(reply(client(2), server(2))));
  CHECK(table.hot(other).has(Hot::no_output));
}

TEST_CASE_METHOD(ConnectionFixture<>, "a state moves the counts between active and inactive, and sets the timeout") {
  const std::uint32_t slot = open(client(1), server(1));
  table.set_state(slot, State::syn_recv, now);
  CHECK(counts(1) == Counted{1, 1, 0});
  CHECK(table.hot(slot).timeout == 60);
  table.set_state(slot, State::established, now);
  CHECK(counts(1) == Counted{1, 1, 0});
  CHECK(table.hot(slot).timeout == 900);
  table.set_state(slot, State::fin_wait, now);
  CHECK(counts(1) == Counted{1, 0, 1});
  table.set_state(slot, State::established, now);
  CHECK(counts(1) == Counted{1, 1, 0});
  table.expire(slot);
  CHECK(counts(1) == Counted{1, 0, 0});
}

TEST_CASE_METHOD(ConnectionFixture<>, "a connection that ends is forgotten under both tuples") {
  const std::uint32_t slot = open(client(1), server(1));
  table.expire(slot);
  CHECK_FALSE(find(client(1)));
  CHECK_FALSE(find(reply(client(1), server(1))));
  CHECK_FALSE(table.hot(slot).has(Hot::live));
  CHECK(table.counts().connections == 0);
  CHECK(table.counts().expired == 1);
  CHECK(table.keys() == 0);
}

TEST_CASE_METHOD(ConnectionFixture<>, "a connection ends within a second after its timeout") {
  const auto state = static_cast<State>(GENERATE(range(0, static_cast<int>(state_count))));
  const std::uint32_t seconds = Timeouts().of(state);
  const std::uint32_t slot = open(client(1), server(1));
  table.set_state(slot, state, now);
  pass(seconds * 1000 - 1);
  CHECK(find(client(1)));
  pass(1000);
  CHECK_FALSE(find(client(1)));
  CHECK(counts(1).active + counts(1).inactive == 0);
}

TEST_CASE_METHOD(ConnectionFixture<>, "a shorter timeout counts at once, a longer one too") {
  const std::uint32_t slot = open(client(1), server(1));
  table.set_state(slot, State::established, now);
  pass(100'000);
  table.hot(slot).last_seen = now;
  table.set_state(slot, State::close, now);  // ten seconds
  pass(9'900);
  CHECK(find(client(1)));
  pass(1'100);
  CHECK_FALSE(find(client(1)));
}

TEST_CASE_METHOD(ConnectionFixture<>, "packets keep a connection alive") {
  const std::uint32_t slot = open(client(1), server(1));
  table.set_state(slot, State::syn_recv, now);
  for (int i = 0; i < 100; ++i) {
    pass(59'000);
    REQUIRE(find(client(1)));
    table.hot(slot).last_seen = now;
  }
  pass(61'000);
  CHECK_FALSE(find(client(1)));
}

TEST_CASE_METHOD(ConnectionFixture<>, "no more than the budget ends in one call, and the rest is not lost") {
  for (unsigned i = 0; i < 100; ++i) open(client(i), server(1));
  now = later(now, 10'000);
  CHECK(table.end_burst(now, 30));
  CHECK(table.counts().connections == 70);
  CHECK(table.end_burst(now, 30));
  CHECK(table.end_burst(now, 30));
  CHECK_FALSE(table.end_burst(now, 30));
  CHECK(table.counts().connections == 0);
}

TEST_CASE_METHOD(ConnectionFixture<4>, "a slot that became free is used again only after the burst") {
  std::set<std::uint32_t> slots;
  for (unsigned i = 0; i < 3; ++i) slots.insert(open(client(i), server(1)));
  const std::uint32_t freed = *slots.begin();
  table.expire(freed);
  const std::uint32_t last = open(client(10), server(1));
  CHECK_FALSE(slots.contains(last));
  CHECK(try_open(client(11), server(1)).outcome == Connections::Opened::full);
  CHECK_FALSE(find(client(11)));
  table.set_state(last, State::established, now);
  for (const std::uint32_t slot : slots)
    if (slot != freed) table.set_state(slot, State::established, now);
  table.end_burst(now, 0);
  CHECK(open(client(11), server(1)) == freed);
}

TEST_CASE_METHOD(ConnectionFixture<8>, "freed and free slots change places without a slot being lost or doubled") {
  for (int round = 0; round < 200; ++round) {
    std::set<std::uint32_t> slots;
    for (unsigned i = 0; i < 5; ++i) slots.insert(open(client(i), server(1)));
    CHECK(slots.size() == 5);
    for (const std::uint32_t slot : slots) table.expire(slot);
    for (unsigned i = 5; i < 8; ++i) slots.insert(open(client(i), server(1)));
    CHECK(slots.size() == 8);
    for (unsigned i = 5; i < 8; ++i) table.expire(find(client(i))->slot());
    table.end_burst(now, 0);
  }
  CHECK(table.keys() == 0);
}

TEST_CASE_METHOD(ConnectionFixture<>, "a reply tuple is taken over from a closing connection only") {
  const net::Tuple4 first = client(1);
  net::Tuple4 second = first;  // the same client port to another VIP with the same server
  second.destination = ipv4("192.0.2.2");
  const std::uint32_t holder = open(first, server(1));
  const State state =
      GENERATE(State::none, State::established, State::syn_sent, State::syn_recv, State::synack, State::listen,
               State::fin_wait, State::time_wait, State::close, State::close_wait, State::last_ack);
  table.set_state(holder, state, now);
  const auto opening = try_open(second, server(1));
  CAPTURE(name(state));
  if (is_closing(state)) {
    REQUIRE(opening.outcome == Connections::Opened::yes);
    CHECK(find(reply(second, server(1))) == Reference::to(opening.slot, true));
    CHECK_FALSE(find(first));
    CHECK(table.counts().connections == 1);
  } else {
    CHECK(opening.outcome == Connections::Opened::tuple_taken);
    CHECK(find(reply(first, server(1))) == Reference::to(holder, true));
    CHECK_FALSE(find(second));
  }
}

TEST_CASE_METHOD(ConnectionFixture<>, "a DR connection needs no reply tuple, so it clashes with none") {
  const net::Tuple4 first = client(1);
  net::Tuple4 second = first;
  second.destination = ipv4("192.0.2.2");
  open(first, server(1));
  CHECK(try_open(second, server(1, Forwarding::dr)).outcome == Connections::Opened::yes);
}

TEST_CASE_METHOD(ConnectionFixture<>, "a TCP and a UDP connection of the same numbers are two") {
  net::Tuple4 udp = client(1);
  udp.protocol = net::Protocol::udp;
  const std::uint32_t one = open(client(1), server(1)), other = open(udp, server(1));
  CHECK(find(client(1))->slot() == one);
  CHECK(find(udp)->slot() == other);
}

TEST_CASE_METHOD(ConnectionFixture<>, "references of a burst are found at once, the others stay as they were") {
  std::vector<net::Tuple4> tuples;
  std::vector<const net::Tuple4*> keys;
  std::vector<std::uint64_t> hashes;
  for (unsigned i = 0; i < largest_burst; ++i) tuples.push_back(client(i));
  std::uint64_t expected = 0;
  for (unsigned i = 0; i < largest_burst; ++i) {
    keys.push_back(&tuples[i]);
    hashes.push_back(table.hash(tuples[i]));
    if (i % 3 == 0) continue;
    open(tuples[i], server(1));
    expected |= std::uint64_t{1} << i;
  }
  const Reference untouched{12345};
  std::array<Reference, largest_burst> found;
  found.fill(untouched);
  constexpr std::uint64_t all = (std::uint64_t{1} << largest_burst) - 1;
  const std::uint64_t missed = table.find_burst(
      all, hashes.data(), [&](std::uint32_t i) -> const net::Tuple4& { return tuples[i]; },
      [&](std::uint32_t i, Reference its) { found[i] = its; });
  CHECK(missed == (all & ~expected));
  for (unsigned i = 0; i < largest_burst; ++i) CHECK(found[i] == find(tuples[i]).value_or(untouched));
}
