// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/decode.hpp"

#include <catch2/catch.hpp>

#include "unit/config/lines.hpp"

using namespace fairway;
using namespace fairway::config;

namespace {

/// Problems of a file in which the director has this key, on line 1 from column 12.
Lines problems_of_director(const std::string& key) {
  return problems_of("director: {" + key + "}\nports: [{name: a, device: net_null0}]\n");
}

Director director_of(const std::string& key) {
  const auto loaded = load_text("director: {" + key + "}\nports: [{name: a, device: net_null0}]\n", is_scheduler);
  REQUIRE(lines_of(loaded.problems) == Lines{});
  return loaded.configuration->director;
}

}  // namespace

TEST_CASE("a number is a whole one in its range") {
  CHECK(director_of("connections: 1").connections == 1);
  CHECK(director_of("connections: \"250000000\"").connections == 250'000'000);
  CHECK(problems_of_director("connections: 0") == Lines{"f.yaml:1:25: connections: 0 is out of range 1..250000000"});
  CHECK(problems_of_director("connections: 250000001") ==
        Lines{"f.yaml:1:25: connections: 250000001 is out of range 1..250000000"});
  CHECK(problems_of_director("connections: -1") == Lines{"f.yaml:1:25: connections: -1 is out of range 1..250000000"});
  CHECK(problems_of_director("connections: 1e6") == Lines{"f.yaml:1:25: connections: '1e6' is not a whole number"});
  CHECK(problems_of_director("connections: 1.5") == Lines{"f.yaml:1:25: connections: '1.5' is not a whole number"});
  CHECK(problems_of_director("connections: 0x10") == Lines{"f.yaml:1:25: connections: '0x10' is not a whole number"});
  CHECK(problems_of_director("connections: 010") == Lines{"f.yaml:1:25: connections: '010' has a leading zero"});
  CHECK(problems_of_director("connections: 1M") == Lines{"f.yaml:1:25: connections: '1M' is not a whole number"});
}

TEST_CASE("a key without a value is not a key with an empty one") {
  for (const char* nothing : {"connections:", "connections: ~", "connections: null", "connections"})
    CHECK(problems_of_director(nothing) == Lines{"f.yaml:1:12: connections: has no value"});
  CHECK(problems_of_director("connections: \"\"") == Lines{"f.yaml:1:25: connections: '' is not a whole number"});
}

TEST_CASE("one value is neither a list nor a mapping") {
  CHECK(problems_of_director("connections: [1]") ==
        Lines{"f.yaml:1:25: connections: is a list where one value is expected"});
  CHECK(problems_of_director("idle: {wait: 1}") ==
        Lines{"f.yaml:1:18: idle: is a mapping where one value is expected"});
}

TEST_CASE("a choice is one of those named, in small letters") {
  CHECK(director_of("idle: spin").idle == Idle::spin);
  CHECK(director_of("idle: sleep").idle == Idle::sleep);
  CHECK(director_of("idle: wait").idle == Idle::wait);
  CHECK(director_of("hugepages: auto").hugepages == Hugepages::automatic);
  CHECK(director_of("hugepages: true").hugepages == Hugepages::always);
  CHECK(director_of("hugepages: false").hugepages == Hugepages::never);
  for (const char* text : {"on", "yes", "True", "1", "auto | true", "|", "tru"})
    CHECK(problems_of_director("hugepages: " + quoted(text)) ==
          Lines{"f.yaml:1:23: hugepages: '" + std::string(text) + "' is none of auto | true | false"});
  CHECK(problems_of_director("idle: ''") == Lines{"f.yaml:1:18: idle: '' is none of spin | sleep | wait"});
}

TEST_CASE("a duration has its range in seconds") {
  CHECK(director_of("summary_interval: 5m").summary_interval == 300);
  CHECK(director_of("summary_interval: 24h").summary_interval == 86'400);
  CHECK(director_of("summary_interval: 0").summary_interval == 0);
  CHECK(problems_of_director("summary_interval: 25h") ==
        Lines{"f.yaml:1:30: summary_interval: 90000 is out of range 0..86400"});
  CHECK(problems_of_director("summary_interval: soon") ==
        Lines{"f.yaml:1:30: summary_interval: 'soon' is not a duration such as 300, 300s, 5m or 2h"});
}

TEST_CASE("workers are a number or a list of CPUs") {
  CHECK(director_of("workers: 4").worker_count == 4);
  CHECK(director_of("workers: 4").worker_cpus.empty());
  CHECK(director_of("workers: \"4\"").worker_cpus.empty());
  CHECK(director_of("workers: 2-5").worker_cpus == std::vector<unsigned>{2, 3, 4, 5});
  CHECK(director_of("workers: \"2-5,8\"").worker_count == 5);
  CHECK(director_of("workers: \"1,3\"").worker_cpus == std::vector<unsigned>{1, 3});
  CHECK(problems_of_director("workers: 0") == Lines{"f.yaml:1:21: workers: 0 is out of range 1..127"});
  CHECK(problems_of_director("workers: 128") == Lines{"f.yaml:1:21: workers: 128 is out of range 1..127"});
  CHECK(problems_of_director("workers: -1") == Lines{"f.yaml:1:21: workers: -1 is out of range 1..127"});
  CHECK(problems_of_director("workers: all") == Lines{"f.yaml:1:21: workers: 'all' is not a whole number"});
  CHECK(problems_of_director("workers: 2-") == Lines{"f.yaml:1:21: workers: '2-' is not a list of CPUs such as 2-5,8"});
  CHECK(problems_of_director("workers: '1,1'") == Lines{"f.yaml:1:21: workers: CPU 1 stands twice in '1,1'"});
  CHECK(problems_of_director("workers: 0-127") == Lines{"f.yaml:1:21: workers: 128 is out of range 1..127"});
}

TEST_CASE("the control socket's path is absolute and fits into a socket address") {
  CHECK(director_of("control_socket: /" + std::string(106, 'x')).control_socket.size() == 107);
  CHECK(problems_of_director("control_socket: /" + std::string(107, 'x')) ==
        Lines{"f.yaml:1:28: control_socket: '/" + std::string(59, 'x') + "...' has a length out of range 2..107"});
  CHECK(problems_of_director("control_socket: control.sock") ==
        Lines{"f.yaml:1:28: control_socket: 'control.sock' is not the absolute path of a file"});
  CHECK(director_of("journal: none").journal == no_journal);
  CHECK(problems_of_director("journal: nowhere") ==
        Lines{"f.yaml:1:21: journal: 'nowhere' is not the absolute path of a file"});
  CHECK(problems_of_director("control_socket: /run/") ==
        Lines{"f.yaml:1:28: control_socket: '/run/' is not the absolute path of a file"});
}

TEST_CASE("a port's name is short and plain") {
  const auto of_name = [](const std::string& name) {
    return problems_of("ports: [{device: net_null0, name: " + name + "}]");
  };
  CHECK(of_name(std::string(63, 'x')) == Lines{});
  CHECK(of_name(std::string(64, 'x')) ==
        Lines{"f.yaml:1:35: name: '" + std::string(60, 'x') + "...' has a length out of range 1..63"});
  CHECK(of_name("''") == Lines{"f.yaml:1:35: name: '' has a length out of range 1..63"});
  CHECK(of_name("a b") == Lines{"f.yaml:1:35: name: 'a b' holds a space or is not plain ASCII"});
  CHECK(of_name("\xc3\xa9") == Lines{"f.yaml:1:35: name: '\xc3\xa9' holds a space or is not plain ASCII"});
  CHECK(of_name("\"a\\e\"") == Lines{"f.yaml:1:35: name: 'a?' holds a space or is not plain ASCII"});
}

TEST_CASE("a port's device and twin have names that DPDK and Linux take") {
  CHECK(problems_of("ports: [{name: a, device: eth0}]")
            .at(0)
            .starts_with("f.yaml:1:27: device: 'eth0' is neither a PCI address"));
  CHECK(problems_of("ports: [{name: a, device: net_af_xdp0}]") ==
        Lines{"f.yaml:1:27: device: net_af_xdp needs iface=, as in net_af_xdp0,iface=eth1"});
  CHECK(problems_of_port("kernel_interface: sixteen-letters-") ==
        Lines{"f.yaml:1:57: kernel_interface: 'sixteen-letters-' is no interface name: 1 to 15 characters"});
  CHECK(problems_of_port("kernel_interface: a/b") ==
        Lines{"f.yaml:1:57: kernel_interface: 'a/b' is no interface name: it may not hold spaces, '/', ':' or '%'"});
}

TEST_CASE("a port's numbers have ranges") {
  CHECK(problems_of_port("mtu: 68") == Lines{});
  CHECK(problems_of_port("mtu: 9978") == Lines{});
  CHECK(problems_of_port("mtu: 67") == Lines{"f.yaml:1:44: mtu: 67 is out of range 68..9978"});
  CHECK(problems_of_port("mtu: 9979") == Lines{"f.yaml:1:44: mtu: 9979 is out of range 68..9978"});
  CHECK(problems_of_port("vlan: 4094") == Lines{});
  CHECK(problems_of_port("vlan: 0") == Lines{"f.yaml:1:45: vlan: 0 is out of range 1..4094"});
  CHECK(problems_of_port("vlan: 4095") == Lines{"f.yaml:1:45: vlan: 4095 is out of range 1..4094"});
  CHECK(problems_of_port("queues: 0") == Lines{"f.yaml:1:47: queues: 0 is out of range 1..127"});
  CHECK(problems_of_port("queues: 128") == Lines{"f.yaml:1:47: queues: 128 is out of range 1..127"});
}

TEST_CASE("each wrong address of a port is named") {
  CHECK(problems_of_port("addresses: [10.0.0.1/24, \"2001:db8::1/64\"]") == Lines{});
  CHECK(problems_of_port("addresses:") == Lines{});
  CHECK(problems_of_port("addresses: [10.0.0.1, 10.0.0.2/33, ~, [x]]") ==
        Lines{"f.yaml:1:51: addresses: '10.0.0.1' has no prefix length, such as /24",
              "f.yaml:1:61: addresses: '10.0.0.2/33' has a prefix length out of range 1..32",
              "f.yaml:1:74: addresses: has no value", "f.yaml:1:77: addresses: is a list where one value is expected"});
  CHECK(problems_of_port("addresses: 10.0.0.1/24") ==
        Lines{"f.yaml:1:50: addresses: is a word where a list is expected"});
}

TEST_CASE("each unknown flag of a scheduler is named") {
  CHECK(problems_of_service("scheduler: sh, scheduler_flags:") == Lines{});
  CHECK(problems_of_service("scheduler: sh, scheduler_flags: [port, sh-port, 7, ~]") ==
        Lines{"f.yaml:3:72: scheduler_flags: 'port' is no flag of a scheduler",
              "f.yaml:3:87: scheduler_flags: '7' is no flag of a scheduler",
              "f.yaml:3:90: scheduler_flags: has no value"});
  CHECK(problems_of_service("scheduler: sh, scheduler_flags: sh-port") ==
        Lines{"f.yaml:3:71: scheduler_flags: is a word where a list is expected"});
}

TEST_CASE("neighbours are unicast addresses and the MAC addresses of machines") {
  CHECK(problems_of_port("neighbours: {10.0.0.9: 02:00:00:00:00:fe, fe80::9: \"02:00:00:00:00:FE\"}") == Lines{});
  CHECK(problems_of_port("neighbours: {gw: 02:00:00:00:00:fe}") ==
        Lines{"f.yaml:1:52: neighbours: 'gw' is not the address of a neighbour"});
  CHECK(problems_of_port("neighbours: {224.0.0.1: 02:00:00:00:00:fe}") ==
        Lines{"f.yaml:1:52: neighbours: '224.0.0.1' is not the address of a neighbour"});
  for (const char* mac : {"ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00", "02:00:00:00:00", "x", "5"})
    CHECK(problems_of_port("neighbours: {10.0.0.9: " + quoted(mac) + "}") ==
          Lines{"f.yaml:1:62: neighbours: '" + std::string(mac) +
                "' is not the MAC address of one machine, such as 02:00:00:00:00:fe"});
  CHECK(problems_of_port("neighbours: {10.0.0.9: }") == Lines{"f.yaml:1:52: neighbours: has no value"});
  CHECK(problems_of_port("neighbours: {::9: 02:00:00:00:00:01, 0::9: 02:00:00:00:00:02}") ==
        Lines{"f.yaml:1:76: neighbours: the neighbour ::9 stands here twice"});
  CHECK(problems_of_port("neighbours: [10.0.0.9]") ==
        Lines{"f.yaml:1:51: neighbours: is a list where a mapping is expected"});
}

TEST_CASE("addresses of services, servers and gateways are single ones") {
  CHECK(problems_below_port("services:\n  - {address: 10.0.0.0/24, port: 80}\n") ==
        Lines{"f.yaml:3:15: address: '10.0.0.0/24' is not an IP address"});
  CHECK(problems_below_port("services:\n  - {address: www, port: 80}\n") ==
        Lines{"f.yaml:3:15: address: 'www' is not an IP address"});
  CHECK(problems_of_service("servers: [{address: 10.0.0.256}]") ==
        Lines{"f.yaml:3:59: address: '10.0.0.256' is not an IP address"});
  CHECK(problems_of_port("gateway: x") == Lines{"f.yaml:1:48: gateway: 'x' is not an IP address"});
  CHECK(problems_of_port("gateway: 224.0.0.1") == Lines{"f.yaml:1:48: gateway: 224.0.0.1 is not a unicast address"});
}

TEST_CASE("a service's and a server's values have ranges") {
  CHECK(problems_below_port("services:\n  - {address: 192.168.4.15, port: -1}\n") ==
        Lines{"f.yaml:3:35: port: -1 is out of range 0..65535"});
  CHECK(problems_below_port("services:\n  - {address: 192.168.4.15, port: 65536}\n") ==
        Lines{"f.yaml:3:35: port: 65536 is out of range 0..65535"});
  CHECK(problems_of_service("protocol: sctp") == Lines{"f.yaml:3:49: protocol: 'sctp' is none of tcp | udp"});
  CHECK(problems_of_service("forwarding: masq") == Lines{"f.yaml:3:51: forwarding: 'masq' is none of nat | dr | tun"});
  CHECK(problems_of_service("servers: [{address: 10.0.0.1, weight: 2147483647}]") == Lines{});
  CHECK(problems_of_service("servers: [{address: 10.0.0.1, weight: 2147483648}]") ==
        Lines{"f.yaml:3:77: weight: 2147483648 is out of range 0..2147483647"});
  CHECK(problems_of_service("servers: [{address: 10.0.0.1, weight: -1}]") ==
        Lines{"f.yaml:3:77: weight: -1 is out of range 0..2147483647"});
  CHECK(problems_of_service("servers: [{address: 10.0.0.1, port: 0}]") ==
        Lines{"f.yaml:3:75: port: port 0 is out of range 1..65535"});
  CHECK(problems_of_service("persistence: 32d") ==
        Lines{"f.yaml:3:52: persistence: '32d' is not a duration such as 300, 300s, 5m or 2h"});
  CHECK(problems_of_service("persistence: 0") == Lines{"f.yaml:3:52: persistence: 0 is out of range 1..2678400"});
  CHECK(problems_of_service("persistence: 745h") ==
        Lines{"f.yaml:3:52: persistence: 2682000 is out of range 1..2678400"});
}
