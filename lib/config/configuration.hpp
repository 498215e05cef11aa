// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/address.hpp"
#include "service/marks.hpp"
#include "service/settings.hpp"
#include "service/spec.hpp"

/// The configuration as one value: what the YAML file says, checked whole, with defaults filled in.
namespace fairway::config {

/// What a worker does when there is nothing to do: poll on, sleep for a moment, or wait for its device's receive event.
enum class Idle : std::uint8_t { spin, sleep, wait };

/// Instead of a journal's path.
inline constexpr const char* no_journal = "none";

/// Whether DPDK's memory lies in 2 MB pages: where there are enough of them, always, never.
enum class Hugepages : std::uint8_t { automatic, always, never };

/// Whose packets come in by a port.
enum class Faces : std::uint8_t { both, clients, servers };

struct Director {
  std::vector<unsigned> worker_cpus;  // empty: worker_count of the CPUs this process may use, the last ones
  unsigned worker_count = 1;
  Idle idle = Idle::wait;
  std::uint32_t connections = 1'000'000;  // room for IPv4 connections over all workers
  std::uint32_t connections_ipv6 = 0;
  std::uint32_t packet_buffers = 0;  // at least; 0: as many as the plan says
  std::string control_socket = "/run/fairway/control.sock";
  std::string ipvs_socket;  // empty: ipvs.sock in the directory of control_socket
  std::string journal;      // empty: see keys.cpp; no_journal: none
  Hugepages hugepages = Hugepages::automatic;
  unsigned summary_interval = 60;                     // seconds between summary lines in the log; 0: none
  std::uint32_t kernel_packets_per_second = 100'000;  // of each twin, each way, for what is not control traffic

  bool operator==(const Director&) const = default;
};

struct Port {
  std::string name;
  std::string device;                                  // PCI address, or a virtual device with its arguments
  std::string kernel_interface;                        // the twin's name; empty: none
  std::vector<net::Prefix> addresses;                  // put on the twin
  std::map<net::Address, net::MacAddress> neighbours;  // static ones
  std::optional<net::Address> gateway;                 // a default route where there is no twin to ask
  std::uint16_t mtu = 1500;
  std::uint16_t vlan = 0;    // 0: untagged
  std::uint16_t queues = 0;  // receive queues; 0: as many as workers, where the device has them
  Faces faces = Faces::both;
  bool promiscuous = false;
  bool follow_link = true;  // the twin's carrier follows the link, where the driver has a true one

  bool operator==(const Port&) const = default;
};

struct Configuration {
  Director director;
  service::Settings settings;
  std::vector<Port> ports;
  std::vector<service::MarkRule> marks;
  std::vector<service::ServiceSpec> services;
};

}  // namespace fairway::config
