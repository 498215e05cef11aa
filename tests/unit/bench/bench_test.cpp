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

bench::Report report_of(const std::vector<const char*>& arguments) {
  tests::eal();
  const auto report = bench::run(options_of(arguments), false);
  INFO((report ? "" : report.error().message));
  REQUIRE(report);
  return *report;
}

/// What it says as JSON, which must be one line.
nlohmann::json measured(const std::vector<const char*>& arguments) {
  const std::string text = bench::json_line(report_of(arguments));
  CHECK(text.find('\n') == text.size() - 1);
  return nlohmann::json::parse(text);
}

void check_facts(const nlohmann::json& result) {
  for (const char* key : {"ns_per_packet", "mean_ns", "floor_ns", "ratio", "mpps", "bytes_per_connection"}) {
    CAPTURE(key);
    CHECK(result[key] > 0);
  }
  for (const char* key : {"services", "servers", "scheduler", "frame_bytes", "burst", "workers", "hugepages", "rows"}) {
    CAPTURE(key);
    CHECK(result.contains(key));
  }
}

}  // namespace

TEST_CASE("the bench measures every method beside the floor") {
  const char* const mode = GENERATE("dr", "nat", "tun");
  const auto result = measured({"--mode", mode, "--flows", "1000", "--rounds", "2"});
  check_facts(result);
  CHECK(result["mode"] == mode);
  CHECK(result["flows"] == 1000);
  CHECK(result["rows"].size() == (std::string(mode) == "nat" ? 3 : 1));
  CHECK(result["measured_packets"] == result["rows"].size() * 3 * 16384);  // one more round than is timed
}

TEST_CASE("every packet of the bench finds its service and server among many") {
  CHECK(measured({"--mode", "nat", "--flows", "500", "--services", "100", "--servers", "7", "--rounds", "1"})["ratio"] >
        0);
}

TEST_CASE("frames of the bench have the sizes of the Internet mix") {
  const auto result = measured({"--mode", "tun", "--flows", "500", "--size", "imix", "--burst", "8", "--rounds", "1"});
  CHECK(result["frame_bytes"] == Approx(361.8));
  CHECK(result["burst"] == 8);
}

TEST_CASE("a table of the bench that is full of NAT connections takes at most 106 bytes for each") {
  // A table keeps places free for one burst more.
  const auto result = measured({"--mode", "nat", "--flows", "20000", "--places", "20064", "--rounds", "1"});
  CHECK(result["bytes_per_connection"] < 106);
}

TEST_CASE("the bench opens as many connections as run out") {
  const char* const method = GENERATE("nat", "dr");
  const auto result = measured({"--mode", "new", "--flows", "20000", "--forwarding", method, "--rounds", "2"});
  check_facts(result);
  CHECK(result["forwarding"] == method);
  CHECK(result["scheduler"] == "wlc");
  CHECK(result["servers"] == 64);
  CHECK(result["ended_per_opened"] == Approx(1).margin(0.1));
  CHECK(result["connections_now"] == Approx(20000).margin(400));
  CHECK(result["hash_add_ns"] > 0);
  CHECK(result["hash_delete_ns"] > 0);
}

TEST_CASE("the bench mixes established flows with new ones, and loses no packet") {
  const auto result = measured({"--mode", "mixed", "--flows", "20000", "--new", "25", "--rounds", "2"});
  check_facts(result);
  CHECK(result["rows"].size() == 3);
  CHECK(result["new_share"] == 0.25);
  CHECK(result["established_not_transmitted"] == 0);
  CHECK(result["other_verdicts"] == "");
  CHECK(result["connections_now"] == Approx(21250).margin(400));
}

TEST_CASE("no packet of an established flow is lost to the bench's flood of SYNs") {
  const auto result = measured({"--mode", "syn-flood", "--flows", "20000", "--rounds", "2"});
  check_facts(result);
  CHECK(result["established_not_transmitted"] == 0);
  CHECK(result["evicted"] > 16384);  // the table was full
  CHECK(result["mixed_to_mean"] > 0);
}

TEST_CASE("workers of the bench hand over as many packets as they are told to") {
  const auto result =
      measured({"--mode", "nat", "--flows", "2000", "--workers", "3", "--handed-over", "50", "--rounds", "2"});
  check_facts(result);
  CHECK(result["handed_over_per_packet"] == Approx(0.5).margin(0.02));
  CHECK(result["shared_line_writes_per_packet"] > 1);
  const auto alone = measured({"--mode", "nat", "--flows", "2000", "--workers", "3", "--rounds", "1"});
  CHECK(alone["handed_over_per_packet"] == 0);
  CHECK(alone["shared_line_writes_per_packet"] == 0);
}

TEST_CASE("the bench compares colliding tuples with random ones") {
  const auto result = measured({"--mode", "collisions", "--rounds", "1"});
  CHECK(result["tuples"] == 65536);
  CHECK(result["lookup_ns"] > 0);
  CHECK(result["ratio"] > 0);
  CHECK(result["add_ratio"] > 0);
}

TEST_CASE("without --json the bench prints a table") {
  const std::string text = bench::table(report_of({"--mode", "dr", "--flows", "64", "--rounds", "1"}));
  CHECK(text.find("ns/packet") != std::string::npos);
  CHECK(text.find("bytes per connection") != std::string::npos);
}

TEST_CASE("the bench measures every scheduler at every number of servers") {
  const auto result = measured({"--mode", "scheduling", "--rounds", "1"});
  CHECK(result["servers"] == nlohmann::json{2, 64, 1024, 4096});
  CHECK(result["rows"].size() == 14);
  for (const auto& row : result["rows"]) {
    CAPTURE(row["scheduler"]);
    for (const char* key : {"choice_2_ns", "choice_4096_ns", "syn_2_ns", "syn_64_ns", "syn_4096_ns", "choice_ratio"})
      CHECK(row[key] > 0);
  }
}

TEST_CASE("the bench refuses what does not fit together") {
  const auto refused = [](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "fairway-bench");
    bench::Options options;
    const auto status = bench::parse(static_cast<int>(arguments.size()), const_cast<char**>(arguments.data()), options);
    return status && *status != 0;
  };
  CHECK(refused({"--mode", "new", "--workers", "2"}));
  CHECK(refused({"--mode", "dr", "--handed-over", "10"}));
  CHECK(refused({"--mode", "dr", "--size", "63"}));
  CHECK(refused({"--mode", "dr", "--size", "large"}));
  CHECK(refused({"--mode", "dr", "--burst", "33"}));
  CHECK(refused({"--mode", "dr", "--flows", "100", "--places", "163"}));
  CHECK(options_of({"--mode", "dr", "--flows", "100", "--places", "50", "--places", "164"}).plan.places == 164);
  CHECK(refused({"--mode", "dr", "--services", "100000", "--servers", "4096"}));
  CHECK(refused({"--mode", "new", "--scheduler", "best"}));
}
