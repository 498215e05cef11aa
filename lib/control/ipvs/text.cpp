// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/text.hpp"

#include <fmt/format.h>
#include <linux/ip_vs.h>
#include <unistd.h>

#include "conn/state.hpp"

namespace fairway::control::ipvs {
namespace {

/// 0A000001, or all of an IPv6 address in groups of four digits.
std::string digits(const net::Address& address) {
  if (address.is_v4()) return fmt::format("{:08X}", address.v4().host());
  const auto& bytes = address.bytes.bytes;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    text += fmt::format("{}{:02x}{:02x}", i == 0 ? "" : ":", bytes[i], bytes[i + 1]);
  return text;
}

std::string digits(const net::Address& address, net::ServicePort port) {
  const char* form = address.is_v4() ? "{}:{:04X}" : "[{}]:{:04X}";
  return fmt::format(fmt::runtime(form), digits(address), port.host());
}

std::string_view name_of(net::Protocol protocol) {
  switch (protocol) {
    case net::Protocol::tcp: return "TCP";
    case net::Protocol::udp: return "UDP";
    case net::Protocol::sctp: return "SCTP";
    default: return "IP";
  }
}

std::string counters(const Statistics& counted) {
  return fmt::format("{:8X} {:8X} {:8X} {:16X} {:16X}\n", counted.connections, counted.in_packets, counted.out_packets,
                     counted.in_bytes, counted.out_bytes);
}

}  // namespace

std::string file_head(std::uint32_t connection_table_size) {
  return fmt::format(
      "IP Virtual Server version 1.2.1 (size={})\n"
      "Prot LocalAddress:Port Scheduler Flags\n"
      "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n",
      connection_table_size);
}

std::string line_of(const ServiceRow& row) {
  const char* ops = (row.flags & IP_VS_SVC_F_ONEPACKET) != 0 ? "ops " : "";
  std::string line;
  if (row.key.is_mark())
    line = fmt::format("FWM  {:08X} {} {}", row.key.mark, row.scheduler, ops);
  else if (row.key.address.is_v4())
    line = fmt::format("{}  {} {} {} ", name_of(row.key.protocol), digits(row.key.address, row.key.port), row.scheduler,
                       ops);
  else
    line = fmt::format("{}  {} {} ", name_of(row.key.protocol), digits(row.key.address, row.key.port), row.scheduler);
  // The kernel writes the timeout in its ticks.
  if ((row.flags & IP_VS_SVC_F_PERSISTENT) != 0)
    line += fmt::format("persistent {} {:08X}", row.timeout * sysconf(_SC_CLK_TCK),
                        row.key.address.is_v4() ? net::Big32::from_raw(row.netmask).host() : row.netmask);
  return line + "\n";
}

std::string line_of(const ServerRow& row) {
  return fmt::format("  -> {}      {:<7} {:<6} {:<10} {:<10}\n", digits(row.address, row.port), method_name(row.method),
                     row.weight, row.active, row.inactive);
}

const char connection_head[] = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n";

std::string line_of(const worker::ConnectionRow& row) {
  return fmt::format("{:<3} {} {:04X} {} {:04X} {} {:04X} {:<11} {:7}\n", name_of(row.protocol), digits(row.client),
                     row.client_port.host(), digits(row.virtual_address), row.virtual_port.host(), digits(row.server),
                     row.server_port.host(), row.assured ? "ASSURED" : conn::name(row.state), row.expires);
}

std::string statistics_text(const Statistics& counted, const Rates& rates) {
  return "   Total Incoming Outgoing         Incoming         Outgoing\n"
         "   Conns  Packets  Packets            Bytes            Bytes\n" +
         counters(counted) + "\n Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n" + counters(rates);
}

}  // namespace fairway::control::ipvs
