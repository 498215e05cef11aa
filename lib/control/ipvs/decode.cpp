// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <sys/socket.h>

#include "control/ipvs/attributes.hpp"
#include "control/ipvs/request.hpp"

namespace fairway::control::ipvs {
namespace {

std::span<const char> attributes_of(std::span<const char> payload) {
  return payload.size() > GENL_HDRLEN ? payload.subspan(GENL_HDRLEN) : std::span<const char>();
}

std::optional<genlmsghdr> header_of(std::span<const char> payload) {
  if (payload.size() < sizeof(genlmsghdr)) return std::nullopt;
  genlmsghdr header;
  std::memcpy(&header, payload.data(), sizeof header);
  return header;
}

std::optional<net::Family> family_of(std::uint16_t number) {
  if (number == AF_INET) return net::Family::ipv4;
  if (number == AF_INET6) return net::Family::ipv6;
  return std::nullopt;
}

/// Sixteen bytes of which IPv4 uses the first four; the rest of those is not looked at.
std::optional<net::Address> address_of(const Attributes& attributes, std::uint16_t type, net::Family family) {
  if (family == net::Family::ipv6) {
    const auto v6 = attributes.number<net::Ipv6Address>(type);
    return v6 ? std::optional<net::Address>(*v6) : std::nullopt;
  }
  const auto v4 = attributes.number<net::Ipv4Address>(type);
  return v4 ? std::optional<net::Address>(*v4) : std::nullopt;
}

/// What names the service; 0 or an error number.
int read_key(const Attributes& attributes, service::ServiceKey& key) {
  const auto number = attributes.number<std::uint16_t>(IPVS_SVC_ATTR_AF);
  const auto mark = attributes.number<std::uint32_t>(IPVS_SVC_ATTR_FWMARK);
  const auto protocol = attributes.number<std::uint16_t>(IPVS_SVC_ATTR_PROTOCOL);
  const auto port = attributes.number<net::ServicePort>(IPVS_SVC_ATTR_PORT);
  if (!number || !(mark || (protocol && port && attributes.has(IPVS_SVC_ATTR_ADDR)))) return EINVAL;
  const auto family = family_of(*number);
  if (!family) return EAFNOSUPPORT;
  if (mark) {
    key = service::mark_key(*mark, *family);
    return *mark == 0 ? EINVAL : 0;
  }
  const auto address = address_of(attributes, IPVS_SVC_ATTR_ADDR, *family);
  if (!address) return EINVAL;
  if (*protocol > 255) return EPROTONOSUPPORT;
  key = {.protocol = static_cast<net::Protocol>(*protocol), .address = *address, .port = *port, .mark = 0};
  return 0;
}

Part<ServiceFields> read_service(const nlattr* nest) {
  Part<ServiceFields> part;
  if (!nest) return part;
  part.is_there = true;
  const Attributes attributes(*nest);
  ServiceFields& fields = part.value;
  part.error = read_key(attributes, fields.key);
  const auto scheduler = attributes.text(IPVS_SVC_ATTR_SCHED_NAME, IP_VS_SCHEDNAME_MAXLEN - 1);
  const auto flags = attributes.number<ip_vs_flags>(IPVS_SVC_ATTR_FLAGS);
  const auto timeout = attributes.number<std::uint32_t>(IPVS_SVC_ATTR_TIMEOUT);
  const auto netmask = attributes.number<std::uint32_t>(IPVS_SVC_ATTR_NETMASK);
  if (!scheduler || !flags || !timeout || !netmask) return part;
  fields.is_full = true;
  fields.scheduler = *scheduler;
  fields.flags = flags->flags;
  fields.mask = flags->mask;
  fields.timeout = *timeout;
  fields.netmask = *netmask;
  fields.persistence_engine = attributes.text(IPVS_SVC_ATTR_PE_NAME, IP_VS_PENAME_MAXLEN).value_or("?");
  if (!attributes.has(IPVS_SVC_ATTR_PE_NAME)) fields.persistence_engine.clear();
  return part;
}

/// `family`: the service's, which a destination has that names none.
Part<ServerFields> read_server(const nlattr* nest, net::Family family) {
  Part<ServerFields> part;
  if (!nest) return part;
  part.is_there = true;
  const Attributes attributes(*nest);
  ServerFields& fields = part.value;
  if (const auto number = attributes.number<std::uint16_t>(IPVS_DEST_ATTR_ADDR_FAMILY); number && *number != 0) {
    const auto named = family_of(*number);
    if (!named) {
      part.error = EAFNOSUPPORT;
      return part;
    }
    family = *named;
  }
  const auto address = address_of(attributes, IPVS_DEST_ATTR_ADDR, family);
  const auto port = attributes.number<net::ServicePort>(IPVS_DEST_ATTR_PORT);
  if (!address || !port) return part;
  part.error = 0;
  fields.address = *address;
  fields.port = *port;
  const auto method = attributes.number<std::uint32_t>(IPVS_DEST_ATTR_FWD_METHOD);
  const auto weight = attributes.number<std::int32_t>(IPVS_DEST_ATTR_WEIGHT);
  const auto upper = attributes.number<std::uint32_t>(IPVS_DEST_ATTR_U_THRESH);
  const auto lower = attributes.number<std::uint32_t>(IPVS_DEST_ATTR_L_THRESH);
  if (!method || !weight || !upper || !lower) return part;
  fields.is_full = true;
  fields.method = *method & IP_VS_CONN_F_FWD_MASK;
  fields.weight = *weight;
  fields.upper_threshold = *upper;
  fields.lower_threshold = *lower;
  fields.tunnel = attributes.number<std::uint8_t>(IPVS_DEST_ATTR_TUN_TYPE).value_or(0);
  return part;
}

Part<DaemonFields> read_daemon(const nlattr* nest) {
  Part<DaemonFields> part;
  if (!nest) return part;
  part.is_there = true;
  const Attributes attributes(*nest);
  DaemonFields& fields = part.value;
  const auto state = attributes.number<std::uint32_t>(IPVS_DAEMON_ATTR_STATE);
  if (!state) return part;
  part.error = 0;
  fields.state = *state;
  const auto interface = attributes.text(IPVS_DAEMON_ATTR_MCAST_IFN, IP_VS_IFNAME_MAXLEN - 1);
  const auto sync_id = attributes.number<std::uint32_t>(IPVS_DAEMON_ATTR_SYNC_ID);
  fields.is_full = interface && sync_id;
  fields.interface = interface.value_or("");
  fields.sync_id = sync_id.value_or(0);
  fields.longest_message = attributes.number<std::uint16_t>(IPVS_DAEMON_ATTR_SYNC_MAXLEN).value_or(0);
  fields.port = attributes.number<std::uint16_t>(IPVS_DAEMON_ATTR_MCAST_PORT).value_or(0);
  fields.ttl = attributes.number<std::uint8_t>(IPVS_DAEMON_ATTR_MCAST_TTL).value_or(0);
  if (attributes.has(IPVS_DAEMON_ATTR_MCAST_GROUP))
    fields.group = address_of(attributes, IPVS_DAEMON_ATTR_MCAST_GROUP, net::Family::ipv4);
  else if (attributes.has(IPVS_DAEMON_ATTR_MCAST_GROUP6))
    fields.group = address_of(attributes, IPVS_DAEMON_ATTR_MCAST_GROUP6, net::Family::ipv6);
  return part;
}

}  // namespace

std::optional<Request> decode(std::span<const char> payload, bool is_dump) {
  const auto header = header_of(payload);
  if (!header) return std::nullopt;
  const Attributes attributes(attributes_of(payload));
  Request request;
  request.command = header->cmd;
  request.is_dump = is_dump;
  request.service = read_service(attributes[IPVS_CMD_ATTR_SERVICE]);
  request.server = read_server(attributes[IPVS_CMD_ATTR_DEST], request.service.value.key.address.family);
  request.daemon = read_daemon(attributes[IPVS_CMD_ATTR_DAEMON]);
  request.timeouts = {.tcp = attributes.number<std::uint32_t>(IPVS_CMD_ATTR_TIMEOUT_TCP),
                      .tcp_fin = attributes.number<std::uint32_t>(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN),
                      .udp = attributes.number<std::uint32_t>(IPVS_CMD_ATTR_TIMEOUT_UDP)};
  return request;
}

std::optional<std::string> decode_family_name(std::span<const char> payload) {
  const auto header = header_of(payload);
  if (!header || header->cmd != CTRL_CMD_GETFAMILY) return std::nullopt;
  const auto name = Attributes(attributes_of(payload)).text(CTRL_ATTR_FAMILY_NAME, GENL_NAMSIZ - 1);
  return name ? std::optional(std::string(*name)) : std::nullopt;
}

}  // namespace fairway::control::ipvs
