// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/problem.hpp"

#include <catch2/catch.hpp>

using namespace fairway::config;

TEST_CASE("a problem prints as editors and compilers print theirs") {
  CHECK(to_string("/etc/fairway/fairway.yaml", {3, 14, "no"}) == "/etc/fairway/fairway.yaml:3:14: no");
}

TEST_CASE("problems come by position, each once") {
  Problems problems;
  CHECK(problems.empty());
  problems.add({10, 1}, "d");
  problems.add({9, 7}, "c");
  problems.add({9, 7}, "b");
  problems.add({9, 2}, "a");
  problems.add({9, 7}, "c");
  CHECK_FALSE(problems.empty());
  CHECK(std::move(problems).sorted() == std::vector<Problem>{{9, 2, "a"}, {9, 7, "b"}, {9, 7, "c"}, {10, 1, "d"}});
}

TEST_CASE("quoted text neither floods nor steers a terminal") {
  CHECK(quoted("a") == "'a'");
  CHECK(quoted("\x1b[31m\n\x7f") == "'?[31m?\?'");
  CHECK(quoted(std::string(61, 'x')) == "'" + std::string(60, 'x') + "...'");
  CHECK(quoted("\xc3\xa9") == "'\xc3\xa9'");
}
