// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "support/connection_fixture.hpp"

/// The table against a plain model of it, over long random histories.
using namespace fairway;
using namespace fairway::conn;
using namespace fairway::tests;
using service::Forwarding;

namespace {

constexpr std::uint32_t servers = 8;

struct Known {
  service::Server server;
  State state = State::none;
  std::uint64_t last_seen = 0;  // milliseconds since the start
  bool confirmed = false;
};

template <std::uint32_t capacity>
class History : public ConnectionFixture<capacity> {
 public:
  using Fixture = ConnectionFixture<capacity>;

  void run(int operations, std::uint32_t clients, std::uint64_t pace) {
    for (int i = 0; i < operations; ++i) {
      step(static_cast<std::uint32_t>(random_() % clients));
      if (i % 16 != 15) continue;
      passed_ += random_() % pace;
      this->now = base::later(start_, static_cast<std::uint32_t>(passed_));
      this->table.end_burst(this->now, 10'000);
      compare();
    }
  }

  std::uint64_t opened = 0, refused = 0, clashes = 0, expired = 0, evicted = 0;

 private:
  void step(std::uint32_t number) {
    const net::Tuple4 tuple = tuple_of(number);
    const auto known = model_.find(number);
    const auto found = this->find(tuple);
    REQUIRE(found.has_value() == (known != model_.end()));
    if (known == model_.end()) return open(number, tuple);
    Hot& entry = this->table.hot(found->slot());
    const std::uint64_t what = random_() % 10;
    if (what == 0) {
      this->table.expire(found->slot());
      model_.erase(known);
    } else {
      entry.last_seen = this->now;
      known->second.last_seen = passed_;
      if (what == 1) {
        this->table.confirm(found->slot(), this->now);
        known->second.confirmed = true;
      } else {
        known->second.state = static_cast<State>(random_() % state_count);
        this->table.set_state(found->slot(), known->second.state, this->now);
      }
    }
  }

  /// Clients 0 and 1, 2 and 3, … have the same address and port but different VIPs: their reply tuples clash.
  static net::Tuple4 tuple_of(std::uint32_t number) {
    net::Tuple4 tuple = Fixture::client(number / 2);
    if (number % 2) tuple.destination = ipv4("192.0.2.2");
    return tuple;
  }

  void open(std::uint32_t number, const net::Tuple4& tuple) {
    const service::Server server =
        Fixture::server(static_cast<std::uint32_t>(1 + random_() % servers), static_cast<Forwarding>(random_() % 3));
    const auto twin = model_.find(number ^ 1);
    const bool clash = server.forwarding == Forwarding::nat && twin != model_.end() &&
                       twin->second.server.id == server.id && twin->second.server.forwarding == Forwarding::nat;
    const auto outcome = this->try_open(tuple, server).outcome;
    if (clash && !is_closing(twin->second.state)) {
      REQUIRE(outcome == Connections::Opened::tuple_taken);
      ++clashes;
      return;
    }
    if (clash) model_.erase(twin);  // taken over, also when there is no room then
    if (outcome == Connections::Opened::full) {
      ++refused;
      return;
    }
    REQUIRE(outcome == Connections::Opened::yes);
    ++opened;
    ++opened_of_[server.id.value];
    model_[number] = {.server = server, .state = State::none, .last_seen = passed_, .confirmed = false};
  }

  static bool may_yield(const Known& known) {
    if (known.state == State::udp) return !known.confirmed;
    return is_half_open(known.state) || is_closing(known.state);
  }

  /// What the table ended by itself was due or could yield; what is due is gone a second later; all counts agree.
  void compare() {
    std::map<std::uint32_t, Counted> counted;
    for (std::uint32_t id = 1; id <= servers; ++id) counted[id].connections = opened_of_[id];
    for (auto it = model_.begin(); it != model_.end();) {
      const Known& known = it->second;
      const std::uint64_t due = known.last_seen + Timeouts().of(known.state) * 1000;
      const bool is_there = this->find(tuple_of(it->first)).has_value();
      CAPTURE(name(known.state), known.last_seen, passed_);
      if (is_there) {
        REQUIRE(passed_ < due + 1000);
        Counted& its = counted[known.server.id.value];
        ++(is_active(known.state) ? its.active : its.inactive);
        ++it;
      } else {
        REQUIRE((passed_ >= due || may_yield(known)));
        ++(passed_ >= due ? expired : evicted);
        it = model_.erase(it);
      }
    }
    for (std::uint32_t id = 1; id <= servers; ++id) REQUIRE(this->counts(id) == counted[id]);
    REQUIRE(this->table.counts().connections == model_.size());
    std::size_t keys = 0;
    for (const auto& [_, known] : model_) keys += known.server.forwarding == Forwarding::nat ? 2 : 1;
    REQUIRE(this->table.keys() == keys);
  }

  const base::Stamp start_ = this->now;
  std::uint64_t passed_ = 0;
  std::map<std::uint32_t, Known> model_;
  std::map<std::uint32_t, std::uint64_t> opened_of_;
  std::mt19937_64 random_{11};
};

}  // namespace

TEST_CASE("a hundred thousand random operations on a roomy table: every count is the model's") {
  History<256> history;
  history.run(100'000, 150, 4000);
  CHECK(history.opened > 10'000);
  CHECK(history.clashes > 100);
  CHECK(history.expired > 10'000);
  CHECK(history.evicted == 0);
  CHECK(history.refused == 0);
}

TEST_CASE("a hundred thousand random operations on a table near full: it evicts what may go, and counts agree") {
  History<128> history;
  history.run(100'000, 400, 100);
  CHECK(history.opened > 10'000);
  CHECK(history.evicted > 1'000);
}

TEST_CASE("a hundred thousand random operations on a table of long-lived connections") {
  History<96> history;
  history.run(100'000, 200, 20);
  CHECK(history.opened > 1'000);
}
