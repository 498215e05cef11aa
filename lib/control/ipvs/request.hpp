// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "service/spec.hpp"

/// What a client of IPVS's generic netlink family asks, as values. Nothing here knows sockets or the director.
namespace fairway::control::ipvs {

/// A nested part of a message. The kernel judges the service before it looks at the destination, so each part keeps its
/// own fault.
template <class T>
struct Part {
  T value{};
  int error = EINVAL;  // 0: `value` is whole
  bool is_there = false;

  explicit operator bool() const { return error == 0; }
};

struct ServiceFields {
  service::ServiceKey key;
  // What only NEW_SERVICE and SET_SERVICE need, and what means nothing in other commands:
  bool is_full = false;
  std::string scheduler{};
  std::uint32_t flags = 0, mask = 0;  // of IP_VS_SVC_F_*
  std::uint32_t timeout = 0;          // seconds
  std::uint32_t netmask = 0;          // as it came: network byte order for IPv4, a prefix length for IPv6
  std::string persistence_engine{};
};

struct ServerFields {
  net::Address address;
  net::ServicePort port;
  // What NEW_DEST and SET_DEST need:
  bool is_full = false;
  std::uint32_t method = 0;  // IP_VS_CONN_F_*
  std::int32_t weight = 0;
  std::uint32_t upper_threshold = 0, lower_threshold = 0;
  std::uint8_t tunnel = 0;  // IP_VS_CONN_F_TUNNEL_TYPE_*
};

struct DaemonFields {
  std::uint32_t state = 0;  // IP_VS_STATE_*
  std::string interface {};
  std::uint32_t sync_id = 0;
  std::uint16_t longest_message = 0;  // bytes; 0: as the interface has it
  std::optional<net::Address> group{};
  std::uint16_t port = 0;
  std::uint8_t ttl = 0;
  bool is_full = false;
};

/// Seconds; what is not given stays.
struct TimeoutFields {
  std::optional<std::uint32_t> tcp, tcp_fin, udp;
};

struct Request {
  std::uint8_t command = 0;  // IPVS_CMD_*
  bool is_dump = false;
  Part<ServiceFields> service;
  Part<ServerFields> server;
  Part<DaemonFields> daemon;
  TimeoutFields timeouts;
};

/// The payload of a generic netlink message, its genlmsghdr included, at an address divisible by four. Nothing if it has
/// no such header.
std::optional<Request> decode(std::span<const char> payload, bool is_dump);

/// The family's name that nlctrl is asked for (CTRL_CMD_GETFAMILY). Nothing if it is asked for anything else.
std::optional<std::string> decode_family_name(std::span<const char> payload);

}  // namespace fairway::control::ipvs
