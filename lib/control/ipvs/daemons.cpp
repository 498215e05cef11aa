// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/daemons.hpp"

#include <linux/ip_vs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace fairway::control::ipvs {
namespace {

// What the kernel takes where nothing is said.
constexpr net::Ipv4Address usual_group{0xe0000051};  // 224.0.0.81
constexpr std::uint16_t usual_port = 8848;
constexpr std::uint8_t usual_ttl = 1;

/// Bytes; 0 if there is no such interface.
int mtu_of(const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool is_known = ioctl(socket, SIOCGIFMTU, &request) == 0;
  close(socket);
  return is_known ? request.ifr_mtu : 0;
}

/// As the kernel has it. Where nothing is asked for, a master fills what a usual Ethernet carries, and a backup has room for
/// what its interface carries, at least for that.
std::uint16_t longest_message(const DaemonFields& fields, const net::Address& group, int mtu) {
  constexpr int ethernet = 1500, longest_datagram = 65507, least_of_backup = 1024;
  const bool is_backup = fields.state == IP_VS_STATE_BACKUP;
  if (fields.longest_message != 0)
    return is_backup ? std::max<std::uint16_t>(fields.longest_message, least_of_backup) : fields.longest_message;
  const int headers = group.is_v4() ? 20 + 8 : 40 + 8;
  const int carried = is_backup ? std::max(mtu, ethernet) : ethernet;
  return static_cast<std::uint16_t>(std::min(carried - headers, longest_datagram));
}

}  // namespace

std::optional<SyncRole> role_of(std::uint32_t state) {
  for (const auto role : {SyncRole::master, SyncRole::backup})
    if (state == state_of(role)) return role;
  return std::nullopt;
}

std::uint32_t state_of(SyncRole role) { return role == SyncRole::master ? IP_VS_STATE_MASTER : IP_VS_STATE_BACKUP; }

WantedDaemon wanted(const DaemonFields& fields, const SyncDaemons& running) {
  const auto role = role_of(fields.state);
  if (!fields.is_full || !role) return {.daemon = {}, .error = EINVAL};
  if (find(running, *role)) return {.daemon = {}, .error = EEXIST};
  const int mtu = mtu_of(fields.interface);
  if (mtu == 0) return {.daemon = {}, .error = ENODEV};
  const net::Address group = fields.group.value_or(net::Address(usual_group));
  return {.daemon = {.role = *role,
                     .interface = fields.interface,
                     .sync_id = fields.sync_id,
                     .longest_message = longest_message(fields, group, mtu),
                     .group = group,
                     .port = fields.port == 0 ? usual_port : fields.port,
                     .ttl = fields.ttl == 0 ? usual_ttl : fields.ttl}};
}

}  // namespace fairway::control::ipvs
