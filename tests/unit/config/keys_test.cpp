// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/keys.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <sstream>

#include "unit/config/lines.hpp"
#include "unit/config/reference.hpp"

using namespace fairway;
using namespace fairway::config;

namespace {

const std::string sources = FAIRWAY_SOURCES;

std::string text_of(const std::string& name) {
  std::ifstream file(sources + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Configuration configuration_of(const std::string& text) {
  const Loaded loaded = load_text(text, is_scheduler);
  REQUIRE(lines_of(loaded.problems) == Lines{});
  return *loaded.configuration;
}

/// The mapping of this section in a file that has them all.
const Node& section_of(const Node& root, std::string_view title) {
  if (title == "file") return root;
  if (title == "director" || title == "settings") return *root.find(title)->value;
  if (title == "marks") return *root.find(title)->value->items.at(0);
  if (title == "ports") return *root.find("ports")->value->items.at(0);
  const Node& service = *root.find("services")->value->items.at(0);
  return title == "services" ? service : *service.find("servers")->value->items.at(0);
}

}  // namespace

TEST_CASE("the defaults in the table of keys are those of the configuration") {
  const Configuration read = configuration_of(
      "ports: [{name: a, device: net_null0}]\n"
      "services: [{address: 10.0.0.1, port: 80, servers: [{address: 10.0.0.2}]}]\n");
  const Director& director = read.director;
  const Director made;
  CHECK(director.worker_cpus == made.worker_cpus);
  CHECK(director.worker_count == made.worker_count);
  CHECK(director.idle == made.idle);
  CHECK(director.connections == made.connections);
  CHECK(director.connections_ipv6 == made.connections_ipv6);
  CHECK(director.packet_buffers == made.packet_buffers);
  CHECK(director.control_socket == made.control_socket);
  CHECK(director.ipvs_socket == made.ipvs_socket);
  CHECK(director.journal == made.journal);
  CHECK(director.hugepages == made.hugepages);
  CHECK(director.summary_interval == made.summary_interval);
  CHECK(director.kernel_packets_per_second == made.kernel_packets_per_second);
  const config::Port& port = read.ports.at(0);
  const config::Port made_port;
  CHECK(port.kernel_interface == made_port.kernel_interface);
  CHECK(port.addresses == made_port.addresses);
  CHECK(port.neighbours == made_port.neighbours);
  CHECK(port.gateway == made_port.gateway);
  CHECK(port.mtu == made_port.mtu);
  CHECK(port.vlan == made_port.vlan);
  CHECK(port.queues == made_port.queues);
  CHECK(port.faces == made_port.faces);
  CHECK(port.promiscuous == made_port.promiscuous);
  CHECK(port.follow_link == made_port.follow_link);
  const service::ServiceSpec& service = read.services.at(0);
  const service::ServiceSpec made_service;
  CHECK(service.name == made_service.name);
  CHECK(service.key.protocol == made_service.key.protocol);
  CHECK(service.scheduler == made_service.scheduler);
  CHECK(service.scheduler_flags == made_service.scheduler_flags);
  CHECK(service.forwarding == made_service.forwarding);
  CHECK(service.persistence == made_service.persistence);
  CHECK(service.persistence_prefix == made_service.persistence_prefix);
  CHECK(service.one_packet == made_service.one_packet);
  CHECK(service.servers.at(0).upper_threshold == 0);
  CHECK(service.servers.at(0).lower_threshold == 0);
  CHECK(read.settings == service::Settings());
  CHECK(read.marks.empty());
  CHECK(service.servers.at(0).weight == service::ServerSpec{}.weight);
}

TEST_CASE("every key of the director reaches the configuration") {
  const Director read = configuration_of(
                            "director: {workers: '3,1', idle: spin, connections: 7, connections_ipv6: 8,\n"
                            "           control_socket: /tmp/s, ipvs_socket: /tmp/i, journal: /tmp/j, hugepages: true, "
                            "summary_interval: 2m,\n"
                            "           kernel_packets_per_second: 9, packet_buffers: 10}\n"
                            "ports: [{name: a, device: net_null0}]\n")
                            .director;
  CHECK(read.worker_cpus == std::vector<unsigned>{3, 1});
  CHECK(read.worker_count == 2);
  CHECK(read.idle == Idle::spin);
  CHECK(read.connections == 7);
  CHECK(read.connections_ipv6 == 8);
  CHECK(read.packet_buffers == 10);
  CHECK(read.control_socket == "/tmp/s");
  CHECK(read.ipvs_socket == "/tmp/i");
  CHECK(read.journal == "/tmp/j");
  CHECK(read.hugepages == Hugepages::always);
  CHECK(read.summary_interval == 120);
  CHECK(read.kernel_packets_per_second == 9);
}

TEST_CASE("every key of a port reaches the configuration") {
  const auto read =
      configuration_of(
          "ports:\n"
          "  - {name: a, device: 'net_tap0,iface=x', kernel_interface: fw-a, addresses: [10.0.0.1/24],\n"
          "     neighbours: {10.0.0.9: 02:00:00:00:00:09}, mtu: 9000, vlan: 100, queues: 4,\n"
          "     promiscuous: true, follow_link: false, faces: servers}\n"
          "  - {name: b, device: 0000:03:00.0, faces: clients, neighbours: {10.1.0.9: 02:00:00:00:00:0A},\n"
          "     gateway: 10.1.0.9}\n")
          .ports;
  REQUIRE(read.size() == 2);
  CHECK(read[0].name == "a");
  CHECK(read[0].device == "net_tap0,iface=x");
  CHECK(read[0].kernel_interface == "fw-a");
  CHECK(read[0].addresses == std::vector{*net::parse_prefix("10.0.0.1/24")});
  CHECK(read[0].neighbours.at(*net::parse_address("10.0.0.9")) == *net::parse_mac("02:00:00:00:00:09"));
  CHECK(read[0].mtu == 9000);
  CHECK(read[0].vlan == 100);
  CHECK(read[0].queues == 4);
  CHECK(read[0].faces == Faces::servers);
  CHECK(read[1].faces == Faces::clients);
  CHECK(read[0].promiscuous);
  CHECK_FALSE(read[0].follow_link);
  CHECK(read[1].gateway == net::parse_address("10.1.0.9"));
  CHECK(read[1].neighbours.size() == 1);
}

TEST_CASE("every key of a service and of a server reaches the configuration") {
  const auto read = configuration_of(
                        "ports: [{name: a, device: net_null0}]\n"
                        "services:\n"
                        "  - {name: dns, address: 10.0.0.1, port: 53, protocol: udp, scheduler: sh,\n"
                        "     scheduler_flags: [sh-port, sh-fallback], forwarding: tun,\n"
                        "     servers: [{address: 10.0.0.2, port: 5353, weight: 5, forwarding: nat},\n"
                        "               {address: 10.0.0.3}]}\n")
                        .services;
  REQUIRE(read.size() == 1);
  CHECK(read[0].name == "dns");
  CHECK(service::to_string(read[0].key) == "udp 10.0.0.1:53");
  CHECK(read[0].scheduler == "sh");
  CHECK(to_string(read[0].scheduler_flags) == "sh-fallback,sh-port");
  CHECK(read[0].forwarding == service::Forwarding::tun);
  const auto address = [](const char* text) { return *net::parse_address(text); };
  CHECK(read[0].servers ==
        std::vector<service::ServerSpec>{{address("10.0.0.2"), net::ServicePort(5353), 5, service::Forwarding::nat},
                                         {address("10.0.0.3"), net::ServicePort(53), 1, service::Forwarding::tun}});
}

TEST_CASE("netmasks, packets one by one, thresholds and every port reach the configuration") {
  const auto read = configuration_of(
                        "ports: [{name: a, device: net_null0}]\n"
                        "services:\n"
                        "  - {address: 10.0.0.1, port: 0, persistence: 5m, persistence_netmask: 255.255.255.0,\n"
                        "     servers: [{address: 10.0.0.2}, {address: 10.0.0.3, port: 0, upper_threshold: 9,\n"
                        "                lower_threshold: 8}]}\n"
                        "  - {address: 10.0.0.1, port: 53, protocol: udp, one_packet: true, forwarding: dr}\n"
                        "  - {mark: 4294967295, name: all, persistence: 60, persistence_netmask: /16,\n"
                        "     servers: [{address: 10.0.0.2}, {address: 10.0.0.2, port: 80, forwarding: tun}]}\n")
                        .services;
  REQUIRE(read.size() == 3);
  CHECK(service::to_string(read[0].key) == "tcp 10.0.0.1:0");
  CHECK(read[0].persistence_prefix == 24);
  CHECK(read[0].servers.at(0).port.host() == 0);
  CHECK(read[0].servers.at(1).upper_threshold == 9);
  CHECK(read[0].servers.at(1).lower_threshold == 8);
  CHECK(read[1].one_packet);
  CHECK(read[2].key == service::mark_key(4294967295u));
  CHECK(read[2].persistence_prefix == 16);
  CHECK(read[2].servers.at(0).port.host() == 0);
  CHECK(read[2].servers.at(1).port.host() == 80);
}

TEST_CASE("every key of a rule for marks reaches the configuration, in the file's order") {
  const auto read = configuration_of(
                        "ports: [{name: a, device: net_null0}]\n"
                        "marks:\n"
                        "  - {mark: 7, protocol: udp, source: 10.0.0.0/8, destination: 192.168.4.15,\n"
                        "     source_ports: 1024-65535, destination_ports: 53}\n"
                        "  - {mark: 1}\n")
                        .marks;
  REQUIRE(read.size() == 2);
  CHECK(read[0] == service::MarkRule{.mark = 7,
                                     .protocol = net::Protocol::udp,
                                     .source = net::parse_prefix("10.0.0.0/8"),
                                     .destination = net::parse_prefix("192.168.4.15/32"),
                                     .source_ports = {1024, 65535},
                                     .destination_ports = {53, 53}});
  CHECK(read[1] == service::MarkRule{.mark = 1});
}

TEST_CASE("every setting reaches the configuration") {
  for (const service::SettingInfo& setting : service::settings_table) {
    INFO(setting.name);
    const std::string name(setting.name);
    const auto with = [&](const std::string& value) {
      return configuration_of("ports: [{name: a, device: net_null0}]\nsettings: {" + name + ": " + value + "}\n")
          .settings;
    };
    for (const std::uint32_t value : {setting.low, setting.high}) {
      service::Settings expected;
      expected.*setting.field = value;
      CHECK(with(std::to_string(value)) == expected);
      if (setting.unit == "seconds") CHECK(with(std::to_string(value) + "s") == expected);
    }
    const std::string above = std::to_string(std::uint64_t{setting.high} + 1);
    CHECK(problems_below_port("settings: {" + name + ": " + above + "}\n") ==
          Lines{"f.yaml:2:" + std::to_string(14 + name.size()) + ": " + name + ": " + above + " is out of range " +
                std::to_string(setting.low) + ".." + std::to_string(setting.high)});
  }
}

TEST_CASE("conf/fairway.yaml has every key, and those with a default have it") {
  // A '#' with no space after it, or before a list's item, is a key that is commented out.
  const std::string text = std::regex_replace(text_of("conf/fairway.yaml"), std::regex("\n( *)#(\\w|- )"), "\n$1$2");
  Problems problems;
  const auto tree = read_tree(text, problems);
  REQUIRE(lines_of(std::move(problems).sorted()) == Lines{});
  for (const Section& section : sections()) {
    const Node& node = section_of(*tree->root, section.title);
    for (const KeyInfo& key : section.keys) {
      INFO(section.title << ": " << key.name);
      const Member* member = node.find(key.name);
      REQUIRE(member != nullptr);
      if (!key.fallback.empty()) CHECK(member->value->text == key.fallback);
    }
    CHECK(node.members.size() == section.keys.size());
  }
}

TEST_CASE("docs/configuration.md is what the table of keys says") {
  // tools/generate-configuration-reference writes it.
  CHECK(text_of("docs/configuration.md") == reference());
}

TEST_CASE("every key is explained") {
  for (const Section& section : sections())
    for (const KeyInfo& key : section.keys) {
      INFO(section.title << ": " << key.name);
      CHECK(key.about.ends_with('.'));
      CHECK_FALSE(key.form.empty());
      // One of three: it must be there, it has a default, or words say what holds without it.
      CHECK(key.required + !key.fallback.empty() + !key.if_absent.empty() == 1);
    }
}
