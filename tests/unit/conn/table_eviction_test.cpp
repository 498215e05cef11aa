// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <vector>

#include "support/connection_fixture.hpp"

/// What a table does that fills up: room is made between bursts, never from settled connections.
using namespace fairway;
using namespace fairway::conn;
using namespace fairway::tests;

namespace {

constexpr std::uint32_t capacity = 128;

struct FullTable : ConnectionFixture<capacity> {
  std::uint32_t opened = 0;

  /// Opens so many connections in this state, as bursts do; the numbers of their clients.
  std::vector<std::uint32_t> fill(std::uint32_t count, State state) {
    std::vector<std::uint32_t> clients;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t slot = open(client(opened), server(1));
      table.set_state(slot, state, now);
      clients.push_back(opened++);
    }
    return clients;
  }
  std::size_t still_there(const std::vector<std::uint32_t>& clients) {
    std::size_t count = 0;
    for (const std::uint32_t number : clients) count += find(client(number)).has_value();
    return count;
  }
  /// One more connection, then the burst ends.
  Connections::Opened open_and_end() {
    const auto opening = try_open(client(opened), server(1));
    if (opening.outcome == Connections::Opened::yes) {
      table.set_state(opening.slot, State::syn_recv, now);
      ++opened;
    }
    table.end_burst(now, 0);
    return opening.outcome;
  }
};

}  // namespace

TEST_CASE_METHOD(FullTable, "a table that has room for a burst evicts nobody") {
  fill(capacity - largest_burst - 1, State::syn_recv);
  table.end_burst(now, 0);
  CHECK(table.counts().evicted == 0);
  CHECK(open_and_end() == Connections::Opened::yes);
  CHECK(table.counts().evicted == 0);
}

TEST_CASE_METHOD(FullTable, "half-open connections go first, then closing ones, settled ones never") {
  const auto settled = fill(60, State::established);
  const auto closing = fill(30, State::time_wait);
  const auto half_open = fill(38, State::syn_recv);
  table.end_burst(now, 0);
  CHECK(still_there(settled) == 60);
  CHECK(still_there(closing) == 30);
  CHECK(still_there(half_open) == 38 - largest_burst);
  CHECK(table.counts().evicted == largest_burst);

  fill(largest_burst, State::established);  // a full burst later
  table.end_burst(now, 0);
  CHECK(still_there(half_open) == 0);
  CHECK(still_there(closing) == 30 - (largest_burst - 6));
  CHECK(still_there(settled) == 60);

  fill(largest_burst, State::established);
  table.end_burst(now, 0);
  CHECK(still_there(closing) == 0);
  CHECK(still_there(settled) == 60);
  CHECK(table.counts().connections == 124);
}

TEST_CASE_METHOD(FullTable, "where all are settled a new connection is refused, and nobody is lost") {
  const auto settled = fill(capacity, State::established);
  table.end_burst(now, 0);
  CHECK(open_and_end() == Connections::Opened::full);
  CHECK(open_and_end() == Connections::Opened::full);
  CHECK(still_there(settled) == capacity);
  CHECK(table.counts().evicted == 0);
  CHECK(counts(1) == Counted{.connections = capacity, .active = capacity, .inactive = 0});
  table.expire(find(client(settled[7]))->slot());
  table.end_burst(now, 0);
  CHECK(open_and_end() == Connections::Opened::yes);
}

TEST_CASE_METHOD(FullTable, "under a flood of SYNs an established connection stays, and a burst always finds room") {
  const auto settled = fill(90, State::established);
  for (int burst = 0; burst < 1000; ++burst) {
    for (std::uint32_t i = 0; i < largest_burst; ++i) {
      const auto opening = try_open(client(opened++ % 100'000), server(2));
      if (burst > 0) REQUIRE(opening.outcome == Connections::Opened::yes);
      if (opening.outcome == Connections::Opened::yes) table.set_state(opening.slot, State::syn_recv, now);
    }
    table.end_burst(now, 0);
  }
  CHECK(still_there(settled) == 90);
}

TEST_CASE_METHOD(FullTable, "the half-open connection that is due first goes first") {
  fill(80, State::established);
  std::vector<std::uint32_t> in_order;
  for (std::uint32_t i = 0; i < 48; ++i) {
    in_order.push_back(fill(1, State::syn_recv)[0]);
    now = base::later(now, 1000);
  }
  table.end_burst(now, 0);
  const std::vector<std::uint32_t> oldest(in_order.begin(), in_order.begin() + largest_burst);
  CHECK(still_there(oldest) == 0);
  CHECK(still_there(in_order) == 48 - largest_burst);
}

TEST_CASE_METHOD(FullTable, "a UDP flow that has shown one packet yields, one that has shown more does not") {
  const auto confirmed = fill(60, State::udp);
  for (const std::uint32_t number : confirmed) table.confirm(find(client(number))->slot(), now);
  const auto first_only = fill(capacity - 60, State::udp);
  table.end_burst(now, 0);
  CHECK(still_there(confirmed) == 60);
  CHECK(still_there(first_only) == capacity - 60 - largest_burst);
  for (int i = 0; i < 200; ++i) open_and_end();
  CHECK(still_there(confirmed) == 60);
}

TEST_CASE_METHOD(FullTable, "evicted connections leave no count behind") {
  fill(capacity, State::syn_recv);
  table.end_burst(now, 0);
  CHECK(counts(1) == Counted{.connections = capacity, .active = capacity - largest_burst, .inactive = 0});
  CHECK(table.keys() == 2 * (capacity - largest_burst));
}

TEST_CASE_METHOD(ConnectionFixture<8>, "a table smaller than a burst keeps a quarter free") {
  for (std::uint32_t i = 0; i < 8; ++i) table.set_state(open(client(i), server(1)), State::syn_recv, now);
  table.end_burst(now, 0);
  CHECK(table.counts().connections == 6);
  open(client(8), server(1));
  open(client(9), server(1));
  CHECK(try_open(client(10), server(1)).outcome == Connections::Opened::full);
}
