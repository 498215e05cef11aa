// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/api.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "forward/verdict.hpp"
#include "support/control.hpp"

using namespace fairway;
using namespace fairway::control;
using namespace fairway::control::http;
using fairway::test::address;
using fairway::test::ControlFixture;
using nlohmann::json;

namespace {

std::vector<PortReport> two_ports() {
  PortReport outside{.name = "outside",
                     .device = "net_tap0",
                     .driver = "net_tap",
                     .kernel_interface = "fw-outside",
                     .mac = net::parse_mac("02:00:00:00:00:01").value(),
                     .link = true,
                     .mtu = 1500,
                     .queues = 2,
                     .steering = "owner",
                     .rx_packets = 1,
                     .rx_bytes = 2,
                     .tx_packets = 3,
                     .tx_bytes = 4,
                     .rx_missed = 5,
                     .tx_errors = 6,
                     .to_kernel = {{{.packets = 7, .capped = 0, .lost = 1}, {.packets = 8, .capped = 9, .lost = 10}}},
                     .from_kernel = {}};
  PortReport inside = outside;
  inside.name = "inside";
  inside.kernel_interface = "";
  return {outside, inside};
}

std::vector<NeighbourReport> two_neighbours() {
  return {{address("192.0.2.1"), "inside", 0, net::parse_mac("02:00:00:00:00:02"), "reachable"},
          {address("192.0.2.2"), "inside", 7, std::nullopt, "failed"}};
}

struct Fixture : ControlFixture {
  Api api{director, crew, {.worker_cpus = {4, 5}, .ports = two_ports, .neighbours = two_neighbours}};

  Reply ask(const std::string& method, const std::string& target, const std::string& body = "") {
    const auto job = api.begin({.method = method, .target = target, .body = body});
    while (job->advance() == Job::Progress::more) drain();
    drain();
    return job->reply;
  }
  json get(const std::string& target) {
    const Reply reply = ask("GET", target);
    REQUIRE(reply.status == 200);
    return json::parse(reply.body);
  }
  std::string refused(unsigned status, const std::string& method, const std::string& target) {
    const Reply reply = ask(method, target);
    CHECK(reply.status == status);
    return json::parse(reply.body).at("error");
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "workers are shown with all that they counted") {
  auto& counters = crew.channel(1).counters;
  counters.packets.set(100);
  counters.connections.set(7);
  counters.handed_over.set(1);
  counters.received_by_hand_over.set(2);
  counters.hand_over_full.set(3);
  counters.from_kernel.set(4);
  counters.kernel_full.set(5);
  counters.transmit_refused.set(6);
  counters.expired.set(8);
  counters.evicted.set(9);
  counters.loops.set(10);
  counters.sleeps.set(11);
  counters.most_packets_in_a_loop.set(64);
  counters.most_expired_in_a_loop.set(256);
  counters.steered_right.set(13);
  counters.steered_wrong.set(14);
  counters.loop_time.add(7, 3);
  counters.packet_age.add(900);
  counters.verdicts[static_cast<std::size_t>(forward::Verdict::drop_fragment)].set(12);
  crew.channel(1).set_asleep(false);
  json shown = get("/v1/workers").at("workers");
  REQUIRE(shown.size() == 2);
  CHECK(shown[0].at("asleep") == true);
  CHECK(shown[0].at("cpu") == 4);
  CHECK(shown[1].at("verdicts").at("drop_fragment") == 12);
  CHECK(shown[1].at("verdicts").size() == forward::verdict_count);
  shown[1].erase("verdicts");
  CHECK(shown[1] == json::parse(R"({"id": 1, "cpu": 5, "asleep": false, "connections": 7, "packets": 100,
      "handed_over": 1, "received_by_hand_over": 2, "hand_over_full": 3, "from_kernel": 4, "kernel_full": 5,
      "transmit_refused": 6, "expired": 8, "evicted": 9, "loops": 10, "sleeps": 11,
      "most_packets_in_a_loop": 64, "most_expired_in_a_loop": 256,
      "steered_right": 13, "steered_wrong": 14,
      "loop_time": {"count": 3, "median": 7, "p99": 7, "p999": 7, "longest": 7},
      "packet_age": {"count": 1, "median": 900, "p99": 900, "p999": 900, "longest": 900}})"));
  CHECK(get("/v1/latency").at("workers").at(1) == json::parse(R"({"id": 1,
      "loop_time": {"count": 3, "median": 7, "p99": 7, "p999": 7, "longest": 7,
                    "buckets": [{"from": 7, "below": 8, "count": 3}]},
      "packet_age": {"count": 1, "median": 900, "p99": 900, "p999": 900, "longest": 900,
                     "buckets": [{"from": 896, "below": 1024, "count": 1}]}})"));
}

TEST_CASE_METHOD(Fixture, "drops are shown by verdict, over all workers") {
  for (unsigned worker = 0; worker < workers; ++worker)
    crew.channel(worker).counters.verdicts[static_cast<std::size_t>(forward::Verdict::drop_no_route)].set(worker + 1);
  const json verdicts = get("/v1/drops").at("verdicts");
  CHECK(verdicts.size() == forward::verdict_count);
  CHECK(verdicts.at("drop_no_route") == 3);
  CHECK(verdicts.at("transmit") == 0);
}

TEST_CASE_METHOD(Fixture, "ports and neighbours are shown as they are reported") {
  const json ports = get("/v1/ports").at("ports");
  REQUIRE(ports.size() == 2);
  CHECK(ports[0] == json::parse(R"({"name": "outside", "device": "net_tap0", "driver": "net_tap",
      "kernel_interface": "fw-outside", "mac": "02:00:00:00:00:01", "link": true, "mtu": 1500, "queues": 2, "steering": "owner",
      "rx_packets": 1, "rx_bytes": 2, "tx_packets": 3, "tx_bytes": 4, "rx_missed": 5, "tx_errors": 6,
      "to_kernel": {"control": {"packets": 7, "capped": 0, "lost": 1}, "bulk": {"packets": 8, "capped": 9, "lost": 10}},
      "from_kernel": {"control": {"packets": 0, "capped": 0, "lost": 0},
                      "bulk": {"packets": 0, "capped": 0, "lost": 0}}})"));
  CHECK(ports[1].at("kernel_interface") == nullptr);
  CHECK(get("/v1/neighbours") == json::parse(R"({"neighbours": [
      {"address": "192.0.2.1", "port": "inside", "vlan": null, "mac": "02:00:00:00:00:02", "state": "reachable"},
      {"address": "192.0.2.2", "port": "inside", "vlan": 7, "mac": null, "state": "failed"}]})"));
}

TEST_CASE_METHOD(Fixture, "marks and settings are shown as they are") {
  CHECK(get("/v1/marks") == json::parse(R"({"marks": []})"));
  const std::string commands = R"([{"add_mark": {"mark": 2}},
      {"add_mark": {"mark": 1, "protocol": "tcp", "source": "10.0.0.0/8", "destination": "192.168.4.15/32",
                    "source_ports": "1024-65535", "destination_ports": 80, "position": 1}},
      {"edit_settings": {"conn_reuse_mode": 0, "tcp_timeout": 60}}])";
  CHECK(ask("POST", "/v1/commands", commands).body == R"({"results":[{"ok":true},{"ok":true},{"ok":true}]})");
  CHECK(get("/v1/marks") == json::parse(R"({"marks": [
      {"mark": 1, "protocol": "tcp", "source": "10.0.0.0/8", "destination": "192.168.4.15/32",
       "source_ports": "1024-65535", "destination_ports": "80"},
      {"mark": 2}]})"));
  const json settings = get("/v1/settings").at("settings");
  CHECK(settings.size() == service::settings_table.size());
  CHECK(settings.at("conn_reuse_mode") == 0);
  CHECK(settings.at("tcp_timeout") == 60);
  CHECK(settings.at("udp_timeout") == 300);
}

TEST_CASE_METHOD(Fixture, "services and commands have their paths") {
  CHECK(get("/v1/services") == json::parse(R"({"services": []})"));
  const std::string command = R"([{"add_service": {"protocol": "tcp", "address": "10.0.0.1", "port": 80}}])";
  CHECK(ask("POST", "/v1/commands", command).body == R"({"results":[{"ok":true}]})");
  CHECK(get("/v1/services").at("services").size() == 1);
  const std::string twice = "[" + command.substr(1, command.size() - 2) + "," + command.substr(1);
  CHECK(json::parse(ask("POST", "/v1/commands?stop_at_error=true", twice).body).at("results").size() == 1);
  CHECK(json::parse(ask("POST", "/v1/commands?stop_at_error=false", twice).body).at("results").size() == 2);
}

TEST_CASE_METHOD(Fixture, "what cannot be asked is refused") {
  CHECK(refused(404, "GET", "/") == "there is no /");
  CHECK(refused(404, "GET", "") == "there is no ");
  CHECK(refused(404, "GET", "/v1/service?x=y") == "there is no /v1/service");
  CHECK(refused(405, "POST", "/v1/services") == "/v1/services knows only GET");
  CHECK(refused(405, "GET", "/v1/commands") == "/v1/commands knows only POST");
  CHECK(refused(400, "GET", "/v1/services?limit=3") == "/v1/services has no parameter 'limit'");
  CHECK(refused(400, "GET", "/v1/connections?limit=1000001") == "limit must be a number up to 1000000");
  for (const char* value : {"", "=", "=-1", "=1x", "=99999999999"})
    CHECK(refused(400, "GET", std::string("/v1/connections?limit") + value) == "limit must be a number up to 1000000");
  CHECK(refused(400, "POST", "/v1/commands?stop_at_error=1") == "stop_at_error must be true or false");
  CHECK(refused(400, "POST", "/v1/commands").starts_with("not a JSON array"));
}

TEST_CASE_METHOD(Fixture, "connections may be limited") {
  for (const char* target : {"/v1/connections", "/v1/connections?limit=5"}) {
    const auto job = api.begin({.method = "GET", .target = target, .body = ""});
    REQUIRE(job->advance() == Job::Progress::wait);
    auto* question = crew.channel(0).question();
    REQUIRE(question);
    CHECK(question->limit == (std::string(target).ends_with("5") ? 6u : 4096u));
    crew.channel(0).answered();
    question->done = true;
  }
}
