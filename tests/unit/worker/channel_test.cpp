// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/channel.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace fairway;

TEST_CASE("a worker may take its mail in slices, in order, and says how far it has come") {
  worker::Channel channel;
  const std::vector<service::Service> services(100);
  for (const auto& service : services) REQUIRE(channel.post({nullptr, &service}));
  std::vector<const service::Service*> heard;
  const auto hear = [&](const worker::ServiceChanged& change) { heard.push_back(change.after); };
  CHECK(channel.drain(hear, 64));
  CHECK(heard.size() == 64);
  CHECK(channel.drained() == 64);
  CHECK(channel.has_mail());
  CHECK(channel.drain(hear, 64));
  CHECK(channel.drained() == 100);
  CHECK_FALSE(channel.has_mail());
  CHECK_FALSE(channel.drain(hear, 64));
  REQUIRE(heard.size() == 100);
  for (std::size_t i = 0; i < heard.size(); ++i) CHECK(heard[i] == &services[i]);
}
