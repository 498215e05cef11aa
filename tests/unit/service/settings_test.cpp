// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "service/settings.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace fairway::service;

TEST_CASE("every setting has a name of its own and a default that it takes") {
  std::set<std::string_view> names;
  std::set<const std::uint32_t*> fields;
  const Settings defaults;
  for (const SettingInfo& info : settings_table) {
    INFO(info.name);
    CHECK(names.insert(info.name).second);
    CHECK(fields.insert(&(defaults.*info.field)).second);
    CHECK(check(info, defaults.*info.field));
    CHECK_FALSE(info.about.empty());
    CHECK(find_setting(info.name) == &info);
  }
  CHECK(sizeof(Settings) == settings_table.size() * sizeof(std::uint32_t));  // none has been left out
  CHECK(find_setting("tcp_timeouts") == nullptr);
}

TEST_CASE("a setting takes the values of its range") {
  const SettingInfo& mode = *find_setting("conn_reuse_mode");
  CHECK(check(mode, 0));
  CHECK(check(mode, 3));
  CHECK(check(mode, 4).error().message == "conn_reuse_mode: 4 is out of range 0..3");
  CHECK(check(*find_setting("udp_timeout"), 0).error().message == "udp_timeout: 0 is out of range 1..2147483");
}
