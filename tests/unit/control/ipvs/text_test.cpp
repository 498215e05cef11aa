// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/text.hpp"

#include <arpa/inet.h>
#include <linux/ip_vs.h>

#include <catch2/catch.hpp>

#include "support/control.hpp"

using namespace fairway;
using namespace fairway::control::ipvs;
using fairway::test::address;
using fairway::test::key;
using fairway::test::port;

// Each line is one that Linux 6.1 wrote.

TEST_CASE("/proc/net/ip_vs") {
  CHECK(file_head(4096) ==
        "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
        "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n");
  const auto line = [](const service::ServiceKey& service, const char* scheduler, std::uint32_t flags = 0,
                       std::uint32_t timeout = 0, std::uint32_t netmask = ~std::uint32_t{0}) {
    return line_of(
        ServiceRow{.key = service, .scheduler = scheduler, .flags = flags, .timeout = timeout, .netmask = netmask});
  };
  CHECK(line(key(1), "rr", IP_VS_SVC_F_PERSISTENT, 600) == "TCP  0A000001:0050 rr  persistent 60000 FFFFFFFF\n");
  CHECK(line(key(5, 8080), "mh", IP_VS_SVC_F_PERSISTENT, 100, htonl(0xffffff00)) ==
        "TCP  0A000005:1F90 mh  persistent 10000 FFFFFF00\n");
  CHECK(line(key(78), "rr") == "TCP  0A00004E:0050 rr  \n");
  auto udp = key(9, 53);
  udp.protocol = net::Protocol::udp;
  CHECK(line(udp, "sh", IP_VS_SVC_F_ONEPACKET) == "UDP  0A000009:0035 sh ops  \n");
  CHECK(line(service::mark_key(77), "wrr") == "FWM  0000004D wrr \n");
  const service::ServiceKey v6{.address = address("2001:db8::1"), .port = port(80)};
  CHECK(line(v6, "rr") == "TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 rr \n");

  CHECK(line_of(ServerRow{.address = address("10.0.0.2"), .port = port(80), .method = 0, .weight = 3}) ==
        "  -> 0A000002:0050      Masq    3      0          0         \n");
  CHECK(line_of(ServerRow{.address = address("127.0.0.1"), .port = {}, .method = 3, .weight = 2147483647}) ==
        "  -> 7F000001:0000      Route   2147483647 0          0         \n");
  CHECK(line_of(ServerRow{.address = address("10.0.0.4"), .port = port(80), .method = 2, .weight = 1}) ==
        "  -> 0A000004:0050      Tunnel  1      0          0         \n");
}

TEST_CASE("/proc/net/ip_vs_stats") {
  CHECK(statistics_text({}, {}) ==
        "   Total Incoming Outgoing         Incoming         Outgoing\n"
        "   Conns  Packets  Packets            Bytes            Bytes\n"
        "       0        0        0                0                0\n"
        "\n"
        " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n"
        "       0        0        0                0                0\n");
  CHECK(
      statistics_text({.connections = 10, .in_packets = 171, .in_bytes = 48879, .out_packets = 11, .out_bytes = 16}, {})
          .find("       A       AB        B             BEEF               10\n") != std::string::npos);
}

TEST_CASE("/proc/net/ip_vs_conn") {
  worker::ConnectionRow row{.protocol = net::Protocol::tcp,
                            .client = address("192.0.2.1"),
                            .virtual_address = address("10.0.0.100"),
                            .server = address("10.1.0.11"),
                            .client_port = port(9000),
                            .virtual_port = port(80),
                            .server_port = port(80),
                            .forwarding = service::Forwarding::dr,
                            .state = conn::State::established,
                            .expires = 899,
                            .in_packets = 3,
                            .worker = 0};
  CHECK(line_of(row) == "TCP C0000201 2328 0A000064 0050 0A01000B 0050 ESTABLISHED     899\n");
  row.client_port = port(0);
  row.state = conn::State::none;
  row.is_template = true;
  CHECK(line_of(row) == "TCP C0000201 0000 0A000064 0050 0A01000B 0050 NONE            899\n");
  row.assured = true;
  row.protocol = net::Protocol{};
  CHECK(line_of(row) == "IP  C0000201 0000 0A000064 0050 0A01000B 0050 ASSURED         899\n");
}
