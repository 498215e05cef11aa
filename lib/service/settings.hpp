// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace fairway::service {

/// How the director treats connections and packets: the sysctls of IPVS (/proc/sys/net/ipv4/vs) by their names, with their
/// meanings and defaults, and the three timeouts of `ipvsadm --set`. One immutable value; a change makes a new one.
struct Settings {
  std::uint32_t tcp_timeout = 900;  // seconds; the timeouts of `ipvsadm --set TCP TCPFIN UDP`
  std::uint32_t tcp_fin_timeout = 120;
  std::uint32_t udp_timeout = 300;
  std::uint32_t am_droprate = 10;
  std::uint32_t amemthresh = 1024;
  std::uint32_t cache_bypass = 0;
  std::uint32_t conn_reuse_mode = 1;
  std::uint32_t drop_entry = 0;
  std::uint32_t drop_packet = 0;
  std::uint32_t expire_nodest_conn = 0;
  std::uint32_t expire_quiescent_template = 0;
  std::uint32_t lblc_expiration = 86400;  // seconds
  std::uint32_t lblcr_expiration = 86400;
  std::uint32_t nat_icmp_send = 0;
  std::uint32_t pmtu_disc = 1;
  std::uint32_t run_estimation = 1;
  std::uint32_t secure_tcp = 0;
  std::uint32_t sloppy_tcp = 0;

  bool operator==(const Settings&) const = default;
};

/// One of them: what YAML, JSON and fairwayctl call it, and the values that it takes.
struct SettingInfo {
  std::string_view name;
  std::uint32_t Settings::*field;
  std::uint32_t low, high;
  std::string_view unit;   // "seconds", "" for a switch or mode
  std::string_view about;  // one or two sentences, for the documentation
};

/// The kernel takes more seconds than that (INT_MAX / HZ); so does this.
constexpr std::uint32_t largest_timeout = 2'147'483;

/// In the order of Settings. The one list that the doors go by.
inline constexpr std::array settings_table{
    SettingInfo{"tcp_timeout", &Settings::tcp_timeout, 1, largest_timeout, "seconds",
                "How long an established TCP connection may be idle (`ipvsadm --set`, first value)."},
    SettingInfo{"tcp_fin_timeout", &Settings::tcp_fin_timeout, 1, largest_timeout, "seconds",
                "How long a TCP connection is kept after a FIN (`ipvsadm --set`, second value)."},
    SettingInfo{"udp_timeout", &Settings::udp_timeout, 1, largest_timeout, "seconds",
                "How long a UDP flow may be idle (`ipvsadm --set`, third value)."},
    SettingInfo{"am_droprate", &Settings::am_droprate, 1, 1'000'000, "",
                "With `drop_packet: 3`, one of this many packets that would open a connection is dropped."},
    SettingInfo{"amemthresh", &Settings::amemthresh, 0, 1'000'000'000, "connections",
                "Below this many free places in a worker's connection table the automatic modes of `drop_entry`, "
                "`drop_packet` and `secure_tcp` come on. Here the kernel counts pages of free memory."},
    SettingInfo{
        "cache_bypass", &Settings::cache_bypass, 0, 1, "",
        "Packets to a service by mark that has no server to take them go on to the address that they were sent to."},
    SettingInfo{
        "conn_reuse_mode", &Settings::conn_reuse_mode, 0, 3, "",
        "What a SYN does that finds an old connection of its addresses and ports: 0 keeps the server, 1 chooses "
        "anew where that was in TIME_WAIT or CLOSE, 2 also in FIN_WAIT where replies are not seen."},
    SettingInfo{"drop_entry", &Settings::drop_entry, 0, 3, "",
                "Defence against floods: half-open and little used connections are ended at random. 0 never, 1 and 2 "
                "when memory is short, 3 always."},
    SettingInfo{
        "drop_packet", &Settings::drop_packet, 0, 3, "",
        "Defence against floods: a share of the packets that would open a connection is dropped. 0 never, 1 and "
        "2 when memory is short, 3 always, at `am_droprate`."},
    SettingInfo{
        "expire_nodest_conn", &Settings::expire_nodest_conn, 0, 1, "",
        "Connections of a deleted server end at once; else their packets are dropped, and they go on if the server "
        "comes back."},
    SettingInfo{"expire_quiescent_template", &Settings::expire_quiescent_template, 0, 1, "",
                "A persistent client whose server has weight 0 is given another with its next connection."},
    SettingInfo{"lblc_expiration", &Settings::lblc_expiration, 1, largest_timeout, "seconds",
                "How long scheduler lblc remembers the server of a destination that nobody asks for."},
    SettingInfo{"lblcr_expiration", &Settings::lblcr_expiration, 1, largest_timeout, "seconds",
                "Likewise, lblcr; and after how long without change a destination's servers become one fewer."},
    SettingInfo{"nat_icmp_send", &Settings::nat_icmp_send, 0, 1, "",
                "A packet of a NAT server that belongs to no connection is answered with port unreachable; else it is "
                "routed as it is."},
    SettingInfo{
        "pmtu_disc", &Settings::pmtu_disc, 0, 1, "",
        "The outer header of TUN takes over the inner one's DF bit, and what is then too big is answered; else it "
        "has none."},
    SettingInfo{"run_estimation", &Settings::run_estimation, 0, 1, "", "Rates per second are kept."},
    SettingInfo{
        "secure_tcp", &Settings::secure_tcp, 0, 3, "",
        "Defence against floods: TCP states in which a SYN alone never makes a connection established. 0 never, 1 "
        "and 2 when memory is short, 3 always."},
    SettingInfo{
        "sloppy_tcp", &Settings::sloppy_tcp, 0, 1, "",
        "Any TCP packet but a reset opens a connection, not only a SYN: for a director that takes over another's "
        "traffic."},
};

/// Null if there is none of this name.
constexpr const SettingInfo* find_setting(std::string_view name) {
  for (const SettingInfo& info : settings_table)
    if (info.name == name) return &info;
  return nullptr;
}

/// Whether a setting takes this value: "conn_reuse_mode: 4 is out of range 0..3".
base::Result<void> check(const SettingInfo& setting, std::uint32_t value);

}  // namespace fairway::service
