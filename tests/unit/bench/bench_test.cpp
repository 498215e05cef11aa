// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/bench.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/eal.hpp"

using namespace fairway;

namespace {

bench::Options options_of(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "fairway-bench");
  bench::Options options;
  REQUIRE_FALSE(bench::parse(static_cast<int>(arguments.size()), const_cast<char**>(arguments.data()), options));
  return options;
}

/// What it says on its last line.
nlohmann::json measured(const std::vector<const char*>& arguments) {
  tests::eal();
  const auto text = bench::run(options_of(arguments), false);
  INFO((text ? *text : text.error().message));
  REQUIRE(text);
  REQUIRE(text->back() == '\n');
  const auto line = text->find_last_of('\n', text->size() - 2) + 1;
  return nlohmann::json::parse(text->substr(line));
}

}  // namespace

TEST_CASE("the bench measures every method beside the floor") {
  const char* const mode = GENERATE("dr", "nat", "tun");
  const auto result = measured({"--mode", mode, "--flows", "1000", "--rounds", "2", "--json"});
  CHECK(result["mode"] == mode);
  CHECK(result["flows"] == 1000);
  CHECK(result["ns_per_packet"] > 0);
  CHECK(result["floor_ns"] > 0);
  CHECK(result["ratio"] > 0);
  CHECK(result.contains("to_client_ratio") == (std::string(mode) == "nat"));
}

TEST_CASE("every packet of the bench finds its service and server among many") {
  CHECK(measured({"--mode", "nat", "--flows", "500", "--services", "100", "--servers", "7", "--rounds", "1",
                  "--json"})["ratio"] > 0);
}

TEST_CASE("the bench compares colliding tuples with random ones") {
  const auto result = measured({"--mode", "collisions", "--rounds", "1", "--json"});
  CHECK(result["tuples"] == 65536);
  CHECK(result["ratio"] > 0);
  CHECK(result["add_ratio"] > 0);
}

TEST_CASE("without --json the bench prints a table") {
  tests::eal();
  const auto text = bench::run(options_of({"--mode", "dr", "--flows", "64", "--rounds", "1"}), false);
  REQUIRE(text);
  CHECK(text->find("ns/packet") != std::string::npos);
}

TEST_CASE("the bench measures every scheduler at every number of servers") {
  const auto result = measured({"--mode", "scheduling", "--rounds", "1", "--json"});
  CHECK(result["servers"] == nlohmann::json{2, 64, 1024, 4096});
  CHECK(result["schedulers"].size() == 14);
  for (const auto& [name, its] : result["schedulers"].items()) {
    CAPTURE(name);
    CHECK(its["choice_ns"].size() == 4);
    CHECK(its["connection_ns"].size() == 4);
    CHECK(its["choice_ratio"] > 0);
  }
}
