// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/scheduling.hpp"

#include <catch2/catch.hpp>

using namespace fairway;
using worker::ServiceChanged;

namespace {

service::Service with(const std::vector<std::uint32_t>& ids) {
  service::Service version;
  for (const std::uint32_t id : ids) {
    service::Server server;
    server.id = {id};
    version.servers.push_back(server);
  }
  return version;
}

bool takes_away(const std::vector<std::uint32_t>& before, const std::vector<std::uint32_t>& after) {
  const service::Service old_one = with(before), new_one = with(after);
  return worker::takes_servers_away({.before = &old_one, .after = &new_one});
}

}  // namespace

TEST_CASE("a change tells whether servers went away") {
  CHECK_FALSE(takes_away({}, {}));
  CHECK_FALSE(takes_away({3, 2, 1}, {3, 2, 1}));        // edited
  CHECK_FALSE(takes_away({3, 2, 1}, {5, 4, 3, 2, 1}));  // added
  CHECK(takes_away({3, 2, 1}, {3, 2}));
  CHECK(takes_away({3, 2, 1}, {2, 1}));
  CHECK(takes_away({3, 2, 1}, {3, 1}));
  CHECK(takes_away({3, 2, 1}, {4, 3, 2}));  // one added, one gone
  CHECK(takes_away({1}, {}));
}

TEST_CASE("a service that is added takes nothing away, one that is deleted all that it had") {
  const service::Service empty = with({}), some = with({1});
  CHECK_FALSE(worker::takes_servers_away({.before = nullptr, .after = &some}));
  CHECK_FALSE(worker::takes_servers_away({}));
  CHECK_FALSE(worker::takes_servers_away({.before = &empty, .after = nullptr}));
  CHECK(worker::takes_servers_away({.before = &some, .after = nullptr}));
}
