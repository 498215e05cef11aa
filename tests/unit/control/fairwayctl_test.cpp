// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <stdlib.h>
#include <sys/wait.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "control/http/api.hpp"
#include "control/http/server.hpp"
#include "control/reload.hpp"
#include "forward/verdict.hpp"
#include "sched/registry.hpp"
#include "support/control.hpp"
#include "support/folder.hpp"

using namespace fairway;
using namespace fairway::control;
using namespace fairway::control::http;
namespace fs = std::filesystem;

namespace {

struct Outcome {
  int status;
  std::string out, err;
};

std::string content_of(const fs::path& file) {
  std::ifstream text(file);
  return {std::istreambuf_iterator<char>(text), {}};
}

worker::ConnectionRow one_connection() {
  return {.protocol = net::Protocol::tcp,
          .client = test::address("198.51.100.7"),
          .virtual_address = test::address("192.168.4.15"),
          .server = test::address("192.168.2.100"),
          .client_port = test::port(40'000),
          .virtual_port = test::port(80),
          .server_port = test::port(8080),
          .forwarding = service::Forwarding::nat,
          .state = conn::State::established,
          .expires = 899,
          .in_packets = 3,
          .worker = 0};
}

worker::ConnectionRow its_template() {
  worker::ConnectionRow row = one_connection();
  row.protocol = {};
  row.client_port = row.virtual_port = row.server_port = {};
  row.virtual_address = net::Ipv4Address(7);
  row.is_template = row.assured = true;
  row.expires = 299;
  return row;
}

std::vector<PortReport> one_port() {
  PortReport port{.name = "outside", .device = "net_tap0", .driver = "net_tap", .kernel_interface = "fw-outside"};
  port.link = true;
  port.mtu = 1500;
  port.rx_bytes = 1'234'567'890'123;
  port.to_kernel[1] = {.packets = 7, .capped = 1, .lost = 0};
  return {port};
}

std::vector<NeighbourReport> one_neighbour() {
  return {{test::address("192.168.2.100"), "outside", 0, std::nullopt, "failed"}};
}

/// A director whose one worker only reads its mail, behind a socket.
struct Fixture {
  test::Folder temporary;
  fs::path folder = temporary.path;
  worker::Crew crew{1};
  test::Keeper keeper;
  Director director{crew, keeper};
  std::unique_ptr<Reload> reload;
  Api api{director,
          crew,
          {.worker_cpus = {3}, .ports = one_port, .neighbours = one_neighbour, .reload = [this](bool is_dry_run) {
             return reload->begin(is_dry_run);
           }}};
  boost::asio::io_context context;
  Server server{context, [this](Request request) { return api.begin(std::move(request)); }};
  std::atomic<bool> stop = false;
  std::thread control, worker;

  Fixture() {
    write_file("");
    const auto loaded = config::load(file(), sched::is_known);
    reload =
        std::make_unique<Reload>(director, *loaded.configuration, file(),
                                 Reload::Hooks{.inform = [](const auto&) {},
                                               .warn = [](const auto&) {},
                                               .change_address = [](const auto&) { return base::Result<void>(); }});
    REQUIRE(server.listen(socket()));
    control = std::thread([this] { context.run(); });
    worker = std::thread([this] { work(); });
  }
  ~Fixture() {
    boost::asio::post(context, [this] { server.stop(); });
    control.join();
    stop = true;
    worker.join();
  }

  void work() {
    auto& channel = crew.channel(0);
    for (; !stop; std::this_thread::yield()) {
      channel.set_asleep(false);
      channel.drain([](const auto&) {});
      if (auto* question = channel.question()) {
        question->rows = {one_connection(), its_template()};
        channel.answered();
        question->done = true;
      }
    }
    channel.set_asleep(true);
  }

  /// The director's own, with one port.
  std::string file() const { return (folder / "fairway.yaml").string(); }
  void write_file(const std::string& text, const std::string& addresses = "192.168.4.15/24") {
    std::ofstream(file()) << "ports: [{name: outside, device: net_tap0, kernel_interface: fw0, addresses: ["
                          << addresses << "]}]\n"
                          << text;
  }

  std::string socket() const { return (folder / "control.sock").string(); }

  /// Runs the program as a shell would.
  Outcome run(const std::string& words) {
    const fs::path out = folder / "out", err = folder / "err";
    const char* program = std::getenv("FAIRWAYCTL");
    REQUIRE(program);
    const int status = std::system(
        (std::string(program) + " --socket " + socket() + " " + words + " >" + out.string() + " 2>" + err.string())
            .c_str());
    return {WEXITSTATUS(status), content_of(out), content_of(err)};
  }

  Outcome apply(const std::string& text, const std::string& options = "") {
    std::ofstream(folder / "commands") << text;
    return run("apply " + (folder / "commands").string() + " " + options);
  }

  void expect_done(const std::string& words) {
    INFO(words);
    const auto [status, out, err] = run(words);
    CHECK(status == 0);
    CHECK(out == "");
    CHECK(err == "");
  }

  void make_web() {
    expect_done("service add tcp 192.168.4.15:80 --name web --scheduler wrr");
    expect_done("server add tcp 192.168.4.15:80 192.168.2.100:8080");
    expect_done("server add tcp 192.168.4.15:80 192.168.2.200:80 --weight 2 --forwarding dr");
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "fairwayctl adds, edits, deletes and shows") {
  make_web();
  CHECK(run("show services").out ==
        "Prot LocalAddress:Port  Scheduler Forwarding\n"
        "  -> RemoteAddress:Port Forward              Weight ActiveConn InActConn PersistConn Conns InPkts OutPkts "
        "InBytes OutBytes\n"
        "TCP  192.168.4.15:80    wrr nat                              0         0           0     0      0       0"
        "       0        0 (web, no port has this address)\n"
        "  -> 192.168.2.100:8080 nat                       1          0         0           0     0      0       0"
        "       0        0\n"
        "  -> 192.168.2.200:80   dr                        2          0         0           0     0      0       0"
        "       0        0\n");
  expect_done("server edit tcp 192.168.4.15:80 192.168.2.200:80 --weight 0");
  expect_done("service edit tcp 192.168.4.15:80 --scheduler rr --persistence 300");
  expect_done("server delete tcp 192.168.4.15:80 192.168.2.100:8080");
  const auto services = nlohmann::json::parse(run("show services --json").out).at("services");
  CHECK(services.at(0).at("scheduler") == "rr");
  CHECK(services.at(0).at("persistence") == 300);
  CHECK(services.at(0).at("name") == "web");
  REQUIRE(services.at(0).at("servers").size() == 1);
  CHECK(services.at(0).at("servers").at(0).at("weight") == 0);
  expect_done("service delete tcp 192.168.4.15:80");
  CHECK(nlohmann::json::parse(run("show services --json").out) == nlohmann::json::parse(R"({"services": []})"));
}

TEST_CASE_METHOD(Fixture, "fairwayctl says what a server of weight 0 had before") {
  make_web();
  expect_done("server add tcp 192.168.4.15:80 192.168.2.7:80 --weight 0 --last-weight 5");
  expect_done("server edit tcp 192.168.4.15:80 192.168.2.100:8080 --weight 0 --last-weight 6");
  const auto servers = director.inventory().services.at(0).servers;
  CHECK(servers.at(0).last_weight == 6);
  CHECK(servers.at(2).last_weight == 5);
  CHECK(run("server edit tcp 192.168.4.15:80 192.168.2.200:80 --last-weight 6").err ==
        "fairwayctl: last weight 6 is for servers of weight 0, not 2\n");
}

TEST_CASE_METHOD(Fixture, "fairwayctl shows rates, the total, and lets both begin anew") {
  make_web();
  const auto id = director.services().front()->servers.front().id;
  crew.lines(0)[id.value].connections.add(80);
  crew.lines(0)[id.value].in_bytes.add(8000);
  director.tick_rates();
  CHECK(run("show total").out ==
        "Conns InPkts OutPkts InBytes OutBytes\n"
        "   80      0       0    8000        0\n");
  CHECK(run("show total --rate").out ==
        "CPS InPPS OutPPS InBPS OutBPS\n"
        " 10     0      0  1000      0\n");
  const std::string rates = run("show services --rate").out;
  CHECK(rates.find("InActConn PersistConn CPS InPPS OutPPS InBPS OutBPS\n") != std::string::npos);
  CHECK(rates.find("0  10     0      0  1000      0\n") != std::string::npos);
  CHECK(run("show ports --rate").status == 2);
  expect_done("zero tcp 192.168.4.15:80");
  CHECK(run("show services").out.find("8000") == std::string::npos);
  CHECK(run("show total").out.find("8000") != std::string::npos);
  expect_done("zero");
  CHECK(run("show total").out.find("8000") == std::string::npos);
  CHECK(run("zero tcp").status == 2);
  CHECK(run("zero tcp 192.168.4.99:80").err == "fairwayctl: there is no service tcp 192.168.4.99:80\n");
}

TEST_CASE_METHOD(Fixture, "fairwayctl gives a scheduler flags and takes them away") {
  const auto flags = [&] {
    return nlohmann::json::parse(run("show services --json").out).at("services").at(0).at("scheduler_flags").dump();
  };
  expect_done("service add tcp 192.168.4.15:80 --name web --scheduler sh --scheduler-flags sh-port,sh-fallback");
  CHECK(flags() == R"(["sh-fallback","sh-port"])");
  CHECK(run("show services").out.find("(web, sh-fallback, sh-port, no port has this address)") != std::string::npos);
  expect_done("service edit tcp 192.168.4.15:80 --name shop");
  CHECK(flags() == R"(["sh-fallback","sh-port"])");
  expect_done("service edit tcp 192.168.4.15:80 --scheduler-flags sh-port");
  CHECK(flags() == R"(["sh-port"])");
  expect_done("service edit tcp 192.168.4.15:80 --scheduler-flags none");
  CHECK(flags() == "[]");
  const Outcome refused = run("service edit tcp 192.168.4.15:80 --scheduler-flags mh-port");
  CHECK(refused.status != 0);
  CHECK(refused.err.find("scheduler sh has no flag mh-port") != std::string::npos);
  const Outcome misspelt = run("service edit tcp 192.168.4.15:80 --scheduler-flags sh-prot");
  CHECK(misspelt.status != 0);
  CHECK(misspelt.err.find("sh-prot") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "fairwayctl sets and shows thresholds, netmasks and services by mark") {
  expect_done("service add mark 7 --name both --scheduler rr --persistence 300 --persistence-netmask 255.255.255.0");
  expect_done("service add udp 192.168.4.15:53 --scheduler rr --one-packet --forwarding dr");
  expect_done("service add tcp 192.168.4.15:0 --scheduler rr --persistence 60");
  expect_done("server add mark 7 192.168.2.100 --upper-threshold 4 --lower-threshold 2");
  expect_done("server add mark 7 192.168.2.200:8080");
  expect_done("server add udp 192.168.4.15:53 192.168.2.100");
  expect_done("server add tcp 192.168.4.15:0 192.168.2.100");
  const auto id = director.services().front()->servers.back().id;
  crew.limits()[id.value].bound(4);
  crew.lines(0)[id.value].persistent.add(3);
  CHECK(run("show services").out ==
        "Prot LocalAddress:Port  Scheduler Forwarding\n"
        "  -> RemoteAddress:Port Forward              Weight ActiveConn InActConn PersistConn Conns InPkts OutPkts "
        "InBytes OutBytes\n"
        "FWM  7                  rr nat                               0         0           3     0      0       0"
        "       0        0 (both, persistent 300 mask /24)\n"
        "  -> 192.168.2.100:0    nat                       1          0         0           3     0      0       0"
        "       0        0 (upper 4, lower 2, overloaded)\n"
        "  -> 192.168.2.200:8080 nat                       1          0         0           0     0      0       0"
        "       0        0\n"
        "UDP  192.168.4.15:53    rr dr                                0         0           0     0      0       0"
        "       0        0 (one packet, no port has this address)\n"
        "  -> 192.168.2.100:53   dr                        1          0         0           0     0      0       0"
        "       0        0\n"
        "TCP  192.168.4.15:0     rr nat                               0         0           0     0      0       0"
        "       0        0 (persistent 60, no port has this address)\n"
        "  -> 192.168.2.100:0    nat                       1          0         0           0     0      0       0"
        "       0        0\n");
  expect_done("service edit mark 7 --persistence-netmask 32");
  expect_done("service edit udp 192.168.4.15:53 --no-one-packet");
  expect_done("server edit mark 7 192.168.2.100 --upper-threshold 0 --lower-threshold 0");
  expect_done("zero mark 7");
  const std::string shown = run("show services").out;
  for (const char* gone : {"mask", "one packet", "upper", "overloaded"}) CHECK(shown.find(gone) == std::string::npos);
  expect_done("server delete mark 7 192.168.2.100");
  expect_done("service delete mark 7");
  CHECK(run("service delete mark 7").err == "fairwayctl: there is no service mark 7\n");
  CHECK(run("service add mark 0").err.find("'0' is not a mark, 1..4294967295") != std::string::npos);
  CHECK(run("service add tcp 7").err.find("'7' is not ADDRESS:PORT, the port being 0..65535") != std::string::npos);
  CHECK(run("service add tcp 192.168.4.16:0").err ==
        "fairwayctl: port 0, which is every port, is for persistent services only\n");
}

TEST_CASE_METHOD(Fixture, "fairwayctl puts rules for marks in order and takes them away") {
  expect_done("mark add 8");
  expect_done("mark add 7 --protocol tcp --destination 192.168.4.15 --ports 80-443 --position 1");
  expect_done("mark add 7 --protocol udp --source 10.0.0.0/8 --source-ports 1024-65535 --destination-ports 53");
  CHECK(run("show marks").out ==
        "Position Mark Prot Source     SrcPorts   Destination     DstPorts\n"
        "       1    7 TCP  any        any        192.168.4.15/32   80-443\n"
        "       2    8 ANY  any        any        any                  any\n"
        "       3    7 UDP  10.0.0.0/8 1024-65535 any                   53\n");
  expect_done("mark delete 7 --ports 53");
  expect_done("mark delete 8");
  CHECK(run("show marks --json").out ==
        R"({"marks":[{"mark":7,"protocol":"tcp","destination":"192.168.4.15/32","destination_ports":"80-443"}]})"
        "\n");
  CHECK(run("mark delete 9").err == "fairwayctl: there is no rule mark 9\n");
  CHECK(apply("mark add 9 --source 10.1.0.0/16  # comments may follow\nmark delete 7\n").status == 0);
  CHECK(run("show marks").out.find("10.1.0.0/16") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "fairwayctl takes away the one rule that says this and nothing more") {
  expect_done("mark add 7");
  expect_done("mark add 7 --protocol tcp");
  expect_done("mark delete 7 --exact");
  CHECK(run("show marks --json").out == R"({"marks":[{"mark":7,"protocol":"tcp"}]})"
                                        "\n");
}

TEST_CASE_METHOD(Fixture, "fairwayctl shows what a reload would change, as commands, and reloads") {
  const std::string text =
      "settings: {tcp_timeout: 60}\n"
      "marks: [{mark: 7, protocol: tcp, source: 10.0.0.0/8, source_ports: 1024-2000, destination: 192.168.4.15, "
      "destination_ports: 443}]\n"
      "services:\n"
      "  - {mark: 7, scheduler: sh, scheduler_flags: [sh-port], persistence: 60s, persistence_netmask: 24}\n"
      "  - {address: 192.168.4.15, port: 53, protocol: udp, name: dns, one_packet: true, forwarding: dr, servers: [\n"
      "      {address: 192.168.2.100, upper_threshold: 9, lower_threshold: 8}, {address: 192.168.2.200, weight: 0}]}\n";
  write_file(text);
  const Outcome shown = run("diff");
  CHECK(shown.status == 0);
  CHECK(shown.err == "");
  CHECK(shown.out ==
        "settings edit tcp_timeout=60\n"
        "mark add 7 --protocol tcp --source 10.0.0.0/8 --destination 192.168.4.15/32 --source-ports 1024-2000 "
        "--destination-ports 443\n"
        "service add mark 7 --scheduler sh --scheduler-flags sh-port --forwarding nat --persistence 60 "
        "--persistence-netmask 24\n"
        "service add udp 192.168.4.15:53 --name dns --scheduler wlc --forwarding dr --one-packet\n"
        "server add udp 192.168.4.15:53 192.168.2.100:53 --weight 1 --forwarding dr --upper-threshold 9 "
        "--lower-threshold 8\n"
        "server add udp 192.168.4.15:53 192.168.2.200:53 --weight 0 --forwarding dr\n");
  CHECK(director.services().empty());
  CHECK(run("reload").out == shown.out);
  CHECK(run("diff").out == "");

  write_file("services:\n  - {mark: 7, scheduler: mh, forwarding: tun, servers: [{address: 192.168.2.7, port: 0}]}\n");
  const std::string changes =
      "settings edit tcp_timeout=900\n"
      "mark delete 7 --protocol tcp --source 10.0.0.0/8 --destination 192.168.4.15/32 --source-ports 1024-2000 "
      "--destination-ports 443 --exact\n"
      "service edit mark 7 --scheduler mh --forwarding tun --persistence 0\n"
      "server add mark 7 192.168.2.7:0 --weight 1 --forwarding tun\n"
      "service delete udp 192.168.4.15:53\n";
  CHECK(run("diff").out == changes);
  CHECK(apply(changes).err == "");  // they are what it takes
  CHECK(run("diff").out == "");
  CHECK(run("reload").out == "");
  write_file("", "192.168.4.16/32");
  CHECK(run("diff").out ==
        "# ip address add 192.168.4.16/32 dev fw0\n"
        "# ip address delete 192.168.4.15/24 dev fw0\n"
        "service delete mark 7\n");
}

TEST_CASE_METHOD(Fixture, "fairwayctl says where a file is wrong, and that it changed nothing") {
  write_file("services:\n  - {address: 192.168.4.15, prot: 80}\n");
  const Outcome refused = run("reload");
  CHECK(refused.status == 1);
  CHECK(refused.out == "");
  CHECK(refused.err.starts_with(file() + ":3:5: this service has no 'port'\n" + file() + ":3:29: unknown key 'prot'"));
  CHECK(refused.err.ends_with("fairwayctl: " + file() + ": the file is refused; the director goes on as it was\n"));
  CHECK(run("diff").status == 1);
}

TEST_CASE_METHOD(Fixture, "fairwayctl changes settings and explains them") {
  expect_done("settings edit conn_reuse_mode=0 expire_nodest_conn=1");
  CHECK(director.table().settings().conn_reuse_mode == 0);
  CHECK(director.table().settings().expire_nodest_conn == 1);
  const std::string shown = run("show settings").out;
  CHECK(
      shown.starts_with("Setting                   Value Default Meaning\n"
                        "tcp_timeout                 900     900 How long"));
  CHECK(shown.find("\nconn_reuse_mode               0       1 What a SYN does") != std::string::npos);
  CHECK(nlohmann::json::parse(run("show settings --json").out).at("settings").at("expire_nodest_conn") == 1);
  CHECK(run("settings edit conn_reuse_mode=4").err.find("conn_reuse_mode: 4 is out of range 0..3") !=
        std::string::npos);
  CHECK(run("settings edit conn_reuse=1").err.find("'conn_reuse=1' is not SETTING=NUMBER") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "fairwayctl shows what else there is") {
  crew.channel(0).counters.verdicts[static_cast<std::size_t>(forward::Verdict::drop_no_route)].set(5);
  crew.channel(0).counters.packets.set(123'456'789);
  crew.channel(0).counters.loop_time.add(1500, 2);
  crew.channel(0).counters.packet_age.add(1500, 40);
  crew.channel(0).counters.packet_age.add(2100, 1);
  CHECK(run("show connections").out ==
        "Prot Expire State       Source             Virtual         Destination        Forward InPkts Worker\n"
        "TCP  14:59  ESTABLISHED 198.51.100.7:40000 192.168.4.15:80 192.168.2.100:8080 nat          3      0\n"
        "IP   04:59  ASSURED     198.51.100.7:0     mark 7          192.168.2.100:0    -            -      0\n");
  CHECK(run("show connections --limit 0").out.ends_with("... and more (--limit)\n"));
  CHECK(run("show drops").out ==
        "Verdict       Packets Meaning\n"
        "drop_no_route       5 no route leads to its real server or client\n");
  const std::string all = run("show drops --all").out;
  CHECK(std::count(all.begin(), all.end(), '\n') == forward::verdict_count + 1);
  const std::string workers_shown = run("show workers").out;
  CHECK(workers_shown.find("123456K") != std::string::npos);
  CHECK(workers_shown.find("     0       1500    1500    1500      1535   2100   2100") != std::string::npos);
  CHECK(run("show latency").out ==
        "Worker From(ns) Below(ns) Loops Packets\n"
        "     0     1280      1536     2      40\n"
        "     0     2048      2560     0       1\n");
  const std::string ports = run("show ports").out;
  CHECK(ports.find("outside net_tap0 net_tap fw-outside 00:00:00:00:00:00 yes") != std::string::npos);
  CHECK(ports.find("1234G") != std::string::npos);
  CHECK(ports.find("fw-outside to_kernel bulk        7      1    0\n") != std::string::npos);
  CHECK(run("show neighbours").out ==
        "Address       Port    VLAN MAC State\n"
        "192.168.2.100 outside -    -   failed\n");
}

TEST_CASE_METHOD(Fixture, "fairwayctl tells by its status who is to blame") {
  auto refused = run("service delete tcp 192.168.4.15:80");
  CHECK(refused.status == 1);
  CHECK(refused.err == "fairwayctl: there is no service tcp 192.168.4.15:80\n");
  for (const char* words : {"",
                            "service",
                            "service add",
                            "service add tcp 192.168.4.15",
                            "service add mark",
                            "service add mark x",
                            "service add mark 4294967296",
                            "service add tcp 192.168.4.15:80 --persistence-netmask 0",
                            "mark add 0",
                            "mark add 7 --ports 2-1",
                            "mark add 7 --protocol icmp",
                            "mark add 7 --source 10.0.0.0/33",
                            "mark add 7 --position 0",
                            "mark delete 7 --position 1",
                            "settings edit",
                            "settings edit tcp_timeout",
                            "settings edit tcp_timeout=-1",
                            "settings edit tcp_timeout=60s",
                            "service add tcp 192.168.4.15:65536",
                            "service add tcp [192.168.4.15]:80",
                            "service add sctp 192.168.4.15:80",
                            "service add tcp 192.168.4.15:80 --forwarding fullnat",
                            "service add tcp 192.168.4.15:80 --weight 1",
                            "server add tcp 192.168.4.15:80",
                            "server add tcp 192.168.4.15:80 192.168.2.100:80 --weight 2147483648",
                            "server delete tcp 192.168.4.15:80 192.168.2.100:80 --weight 1",
                            "show",
                            "show servers",
                            "show services --limit 3",
                            "show connections --limit 1000001",
                            "apply",
                            "apply /nonexistent"}) {
    INFO(words);
    const auto misused = run(words);
    CHECK(misused.status == 2);
    CHECK(misused.err != "");
  }
  CHECK(run("--help").status == 0);
  CHECK(run("--version").out.starts_with("fairwayctl "));
  const auto nobody = run("--socket /nonexistent/control.sock show services");
  CHECK(nobody.status == 3);
  CHECK(nobody.err == "fairwayctl: no director answers at /nonexistent/control.sock: No such file or directory\n");
  CHECK(run("--socket /" + std::string(120, 'x') + " show services").status == 3);
}

TEST_CASE_METHOD(Fixture, "a file of commands is carried out line by line") {
  const auto [status, out, err] = apply(
      "# a service and its server\n"
      "\n"
      "service add udp 192.168.4.15:53 --scheduler rr --forwarding dr  # its name is left out\n"
      "  server add udp 192.168.4.15:53 192.168.2.100:53\n"
      "service add udp [2001:db8::15]:53\n");
  CHECK(status == 0);
  CHECK(out + err == "");
  CHECK(director.services().size() == 2);
  CHECK(director.services()[0]->servers.at(0).forwarding == service::Forwarding::dr);
  CHECK(run("apply - < " + (folder / "commands").string()).status == 1);
}

TEST_CASE_METHOD(Fixture, "a file with a line that is no command changes nothing, but with --keep-going") {
  const std::string file = (folder / "commands").string();
  const std::string text = "service add tcp 192.168.4.15:80\nsevice add tcp 192.168.4.15:81\n\nservice add tcp x:1\n";
  auto result = apply(text);
  CHECK(result.status == 1);
  CHECK(result.err.starts_with(file + ":2: "));
  CHECK(result.err.find("\n" + file + ":4: ") != std::string::npos);
  CHECK(director.services().empty());
  CHECK(apply(text, "--keep-going").status == 1);
  CHECK(director.services().size() == 1);
}

TEST_CASE_METHOD(Fixture, "a file stops at the first command that is refused, but with --keep-going") {
  const std::string file = (folder / "commands").string();
  std::string text =
      "service add tcp 192.168.4.15:80\nservice delete tcp 192.168.4.15:81\nservice delete tcp 192.168.4.15:80\n";
  auto result = apply(text);
  CHECK(result.status == 1);
  CHECK(result.err == file + ":2: there is no service tcp 192.168.4.15:81\n");
  CHECK(director.services().size() == 1);
  CHECK(apply(text.substr(text.find('\n') + 1), "--keep-going").status == 1);
  CHECK(director.services().empty());
}

TEST_CASE_METHOD(Fixture, "100,000 commands from a file") {
  std::string text;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const std::string service = "tcp " + net::to_string(net::Address(net::Ipv4Address(0x0a000000u + i))) + ":80";
    text += "service add " + service + " --scheduler wrr\n";
    for (int number = 1; number <= 9; ++number)
      text += "server add " + service + " 192.0.2." + std::to_string(number) + ":80 --weight 5\n";
  }
  const auto start = std::chrono::steady_clock::now();
  const auto [status, out, err] = apply(text);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CHECK(status == 0);
  CHECK(err == "");
  REQUIRE(director.services().size() == 10'000);
  CHECK(director.services().back()->servers.size() == 9);
  CHECK(took < std::chrono::seconds(60));
  std::cout << "fairwayctl apply, 100,000 commands: " << took.count() << " s\n";
  const auto listing = std::chrono::steady_clock::now();
  CHECK(std::count(text.begin(), text.end(), '\n') + 2 == [&] {
    const std::string table = run("show services").out;
    return std::count(table.begin(), table.end(), '\n');
  }());
  std::cout << "fairwayctl show services, 10,000 of 9 servers: "
            << std::chrono::duration<double>(std::chrono::steady_clock::now() - listing).count() << " s\n";
}
