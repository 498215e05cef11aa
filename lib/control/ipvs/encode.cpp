// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/encode.hpp"

#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <sys/socket.h>

#include "control/ipvs/bridge.hpp"
#include "control/ipvs/daemons.hpp"

namespace fairway::control::ipvs {
namespace {

std::uint16_t number_of(net::Family family) { return family == net::Family::ipv4 ? AF_INET : AF_INET6; }

void begin(Writer& writer, std::uint16_t flags, std::uint8_t command) {
  writer.begin_generic(bridge::family_id, flags, command, IPVS_GENL_VERSION);
}

/// Five counters and five rates; the 32-bit form has 64 bits for the bytes alone.
void put_counts(Writer& writer, std::uint16_t attribute, const Statistics& counted, const Rates& rates, bool is_wide) {
  nlattr* nest = writer.open(attribute);
  const auto put = [&](std::uint16_t type, std::uint64_t value) {
    if (is_wide || type == IPVS_STATS_ATTR_INBYTES || type == IPVS_STATS_ATTR_OUTBYTES)
      writer.put64(type, value);
    else
      writer.put32(type, static_cast<std::uint32_t>(value));
  };
  put(IPVS_STATS_ATTR_CONNS, counted.connections);
  put(IPVS_STATS_ATTR_INPKTS, counted.in_packets);
  put(IPVS_STATS_ATTR_OUTPKTS, counted.out_packets);
  put(IPVS_STATS_ATTR_INBYTES, counted.in_bytes);
  put(IPVS_STATS_ATTR_OUTBYTES, counted.out_bytes);
  put(IPVS_STATS_ATTR_CPS, rates.connections);
  put(IPVS_STATS_ATTR_INPPS, rates.in_packets);
  put(IPVS_STATS_ATTR_OUTPPS, rates.out_packets);
  put(IPVS_STATS_ATTR_INBPS, rates.in_bytes);
  put(IPVS_STATS_ATTR_OUTBPS, rates.out_bytes);
  writer.close(nest);
}

void put_flags(Writer& writer, std::uint32_t flags) {
  const ip_vs_flags value{.flags = flags, .mask = ~std::uint32_t{0}};
  writer.put_bytes(IPVS_SVC_ATTR_FLAGS, {reinterpret_cast<const char*>(&value), sizeof value});
}

}  // namespace

void write_family(Writer& writer) {
  writer.begin_generic(GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY, 2);
  writer.put(CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME);
  writer.put16(CTRL_ATTR_FAMILY_ID, bridge::family_id);
  writer.put32(CTRL_ATTR_VERSION, IPVS_GENL_VERSION);
  writer.put32(CTRL_ATTR_HDRSIZE, 0);
  writer.put32(CTRL_ATTR_MAXATTR, IPVS_CMD_ATTR_MAX);
  writer.end();
}

void write(Writer& writer, std::uint16_t flags, const ServiceRow& row) {
  begin(writer, flags, IPVS_CMD_NEW_SERVICE);
  nlattr* nest = writer.open(IPVS_CMD_ATTR_SERVICE);
  writer.put16(IPVS_SVC_ATTR_AF, number_of(row.key.address.family));
  if (row.key.is_mark()) {
    writer.put32(IPVS_SVC_ATTR_FWMARK, row.key.mark);
  } else {
    writer.put16(IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(row.key.protocol));
    writer.put(IPVS_SVC_ATTR_ADDR, row.key.address.bytes);
    writer.put(IPVS_SVC_ATTR_PORT, row.key.port);
  }
  writer.put(IPVS_SVC_ATTR_SCHED_NAME, row.scheduler);
  put_flags(writer, row.flags);
  writer.put32(IPVS_SVC_ATTR_TIMEOUT, row.timeout);
  writer.put32(IPVS_SVC_ATTR_NETMASK, row.netmask);
  put_counts(writer, IPVS_SVC_ATTR_STATS, row.counted, row.rates, false);
  put_counts(writer, IPVS_SVC_ATTR_STATS64, row.counted, row.rates, true);
  writer.close(nest);
  writer.end();
}

void write(Writer& writer, std::uint16_t flags, const ServerRow& row) {
  begin(writer, flags, IPVS_CMD_NEW_DEST);
  nlattr* nest = writer.open(IPVS_CMD_ATTR_DEST);
  writer.put(IPVS_DEST_ATTR_ADDR, row.address.bytes);
  writer.put(IPVS_DEST_ATTR_PORT, row.port);
  writer.put32(IPVS_DEST_ATTR_FWD_METHOD, row.method);
  writer.put32(IPVS_DEST_ATTR_WEIGHT, row.weight);
  writer.put8(IPVS_DEST_ATTR_TUN_TYPE, IP_VS_CONN_F_TUNNEL_TYPE_IPIP);
  writer.put16(IPVS_DEST_ATTR_TUN_PORT, 0);
  writer.put16(IPVS_DEST_ATTR_TUN_FLAGS, IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM);
  writer.put32(IPVS_DEST_ATTR_U_THRESH, row.upper_threshold);
  writer.put32(IPVS_DEST_ATTR_L_THRESH, row.lower_threshold);
  writer.put32(IPVS_DEST_ATTR_ACTIVE_CONNS, row.active);
  writer.put32(IPVS_DEST_ATTR_INACT_CONNS, row.inactive);
  writer.put32(IPVS_DEST_ATTR_PERSIST_CONNS, row.persistent);
  writer.put16(IPVS_DEST_ATTR_ADDR_FAMILY, number_of(row.address.family));
  put_counts(writer, IPVS_DEST_ATTR_STATS, row.counted, row.rates, false);
  put_counts(writer, IPVS_DEST_ATTR_STATS64, row.counted, row.rates, true);
  writer.close(nest);
  writer.end();
}

void write(Writer& writer, std::uint16_t flags, const SyncDaemon& daemon) {
  begin(writer, flags, IPVS_CMD_NEW_DAEMON);
  nlattr* nest = writer.open(IPVS_CMD_ATTR_DAEMON);
  writer.put32(IPVS_DAEMON_ATTR_STATE, state_of(daemon.role));
  writer.put(IPVS_DAEMON_ATTR_MCAST_IFN, daemon.interface);
  writer.put32(IPVS_DAEMON_ATTR_SYNC_ID, daemon.sync_id);
  writer.put16(IPVS_DAEMON_ATTR_SYNC_MAXLEN, daemon.longest_message);
  writer.put16(IPVS_DAEMON_ATTR_MCAST_PORT, daemon.port);
  writer.put8(IPVS_DAEMON_ATTR_MCAST_TTL, daemon.ttl);
  if (daemon.group.is_v4())
    writer.put32(IPVS_DAEMON_ATTR_MCAST_GROUP, daemon.group.v4().number.raw());
  else
    writer.put(IPVS_DAEMON_ATTR_MCAST_GROUP6, daemon.group.bytes);
  writer.close(nest);
  writer.end();
}

void write(Writer& writer, const service::Settings& settings) {
  begin(writer, 0, IPVS_CMD_SET_CONFIG);
  writer.put32(IPVS_CMD_ATTR_TIMEOUT_TCP, settings.tcp_timeout);
  writer.put32(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, settings.tcp_fin_timeout);
  writer.put32(IPVS_CMD_ATTR_TIMEOUT_UDP, settings.udp_timeout);
  writer.end();
}

void write_info(Writer& writer, std::uint32_t connection_table_size) {
  begin(writer, 0, IPVS_CMD_SET_INFO);
  writer.put32(IPVS_INFO_ATTR_VERSION, IP_VS_VERSION_CODE);
  writer.put32(IPVS_INFO_ATTR_CONN_TAB_SIZE, connection_table_size);
  writer.end();
}

}  // namespace fairway::control::ipvs
