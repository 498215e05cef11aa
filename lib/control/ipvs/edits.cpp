// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/edits.hpp"

#include <linux/ip_vs.h>

#include <algorithm>

#include "control/ipvs/daemons.hpp"
#include "control/ipvs/rows.hpp"
#include "sched/registry.hpp"
#include "sched/scheduler.hpp"
#include "service/settings.hpp"

namespace fairway::control::ipvs {
namespace {

const service::Server* find_server(const service::Service& service, const ServerFields& fields) {
  const auto found = std::find_if(service.servers.begin(), service.servers.end(), [&](const service::Server& server) {
    return server.address == fields.address && server.port == fields.port;
  });
  return found == service.servers.end() ? nullptr : &*found;
}

bool is_served(const service::ServiceKey& key) {
  return key.is_mark() || key.protocol == net::Protocol::tcp || key.protocol == net::Protocol::udp;
}

/// What the kernel asks of a destination before it looks for it.
int check_limits(const ServerFields& fields) {
  if (!fields.is_full) return EINVAL;
  if (fields.weight < 0 || fields.lower_threshold > fields.upper_threshold) return ERANGE;
  return 0;
}

/// What a service is to be, of what was asked and the flags that it has.
struct Wanted {
  service::SchedulerFlags scheduler_flags;
  std::uint32_t persistence = 0;  // seconds
  std::uint8_t prefix = 0;
  bool one_packet = false;
  int error = 0;
};

Wanted wanted(const ServiceFields& fields, std::uint32_t old_flags) {
  Wanted result;
  const std::uint32_t flags = (old_flags & ~fields.mask) | (fields.flags & fields.mask);
  const auto prefix = prefix_of(fields.key.address.family, fields.netmask);
  if (!fields.is_full || !prefix || fields.timeout > service::largest_timeout) result.error = EINVAL;
  if (!sched::is_known(fields.scheduler) || !fields.persistence_engine.empty()) result.error = ENOENT;
  result.scheduler_flags = scheduler_flags_of(fields.scheduler, flags);
  result.one_packet = (flags & IP_VS_SVC_F_ONEPACKET) != 0;
  if ((flags & IP_VS_SVC_F_PERSISTENT) != 0) {
    result.persistence = fields.timeout;
    result.prefix = prefix.value_or(0);
  }
  return result;
}

/// Adding and editing say the same of a server: `ipvsadm -e` replaces all of it.
template <class Command>
Command with_fields(const ServerFields& fields, const service::ServiceKey& key, service::Forwarding forwarding) {
  return {.service = key,
          .address = fields.address,
          .port = fields.port,
          .weight = static_cast<std::uint32_t>(fields.weight),
          .forwarding = forwarding,
          .upper_threshold = fields.upper_threshold,
          .lower_threshold = fields.lower_threshold};
}

}  // namespace

int Edits::apply(const Command& command, int refusal) {
  const auto done = director_.apply(command);
  if (done) return 0;
  complain_("refused: " + done.error().message);
  return director_.check_journal() ? refusal : EIO;
}

/// What the journal does not take is undone.
int Edits::commit() {
  const auto committed = director_.commit();
  if (committed) return 0;
  complain_("undone: " + committed.error().message);
  return EIO;
}

int Edits::carry_out(const Request& request) {
  const int error = carry_out_one(request), lost = commit();
  return error != 0 ? error : lost;
}

int Edits::delete_services(std::span<const std::shared_ptr<const service::Service>> services) {
  int error = 0;
  for (const auto& service : services)  // one that somebody else has deleted meanwhile is gone as well
    if (error == 0 && director_.find(service->key)) error = apply(DeleteService{service->key});
  const int lost = commit();
  return error != 0 ? error : lost;
}

int Edits::add_service(const ServiceFields& fields) {
  if (!fields.is_full) return EINVAL;
  if (director_.find(fields.key)) return EEXIST;
  if (!fields.key.address.is_v4()) return EAFNOSUPPORT;  // as a kernel without IPv6 says
  if (!is_served(fields.key)) return EPROTONOSUPPORT;
  const Wanted to_be = wanted(fields, 0);
  if (to_be.error != 0) return to_be.error;
  return apply(AddService{{.name = service::to_string(fields.key),
                           .key = fields.key,
                           .scheduler = fields.scheduler,
                           .scheduler_flags = to_be.scheduler_flags,
                           .forwarding = service::Forwarding::dr,
                           .persistence = to_be.persistence,
                           .persistence_prefix = to_be.prefix,
                           .one_packet = to_be.one_packet,
                           .servers = {}}});
}

int Edits::edit_service(const ServiceFields& fields, const service::Service& service) {
  const Wanted to_be = wanted(fields, flags_of(service));
  if (to_be.error != 0) return to_be.error;
  return apply(EditService{.key = fields.key,
                           .name = std::nullopt,
                           .scheduler = fields.scheduler,
                           .scheduler_flags = to_be.scheduler_flags,
                           .forwarding = std::nullopt,
                           .persistence = to_be.persistence,
                           .persistence_prefix = to_be.prefix,
                           .one_packet = to_be.one_packet});
}

int Edits::add_server(const ServerFields& fields, const service::Service& service) {
  if (const int error = check_limits(fields)) return error;
  if (find_server(service, fields)) return EEXIST;
  const auto forwarding = forwarding_of(fields.method);
  if (!forwarding) return EINVAL;
  if (*forwarding == service::Forwarding::tun && fields.tunnel != IP_VS_CONN_F_TUNNEL_TYPE_IPIP) {
    complain_("refused: of tunnels there is IPIP only");
    return EPROTONOSUPPORT;
  }
  return apply(with_fields<AddServer>(fields, service.key, *forwarding));
}

int Edits::edit_server(const ServerFields& fields, const service::Service& service) {
  if (const int error = check_limits(fields)) return error;
  if (!find_server(service, fields)) return ENOENT;
  const auto forwarding = forwarding_of(fields.method);
  if (!forwarding) return EINVAL;
  return apply(with_fields<EditServer>(fields, service.key, *forwarding));
}

int Edits::delete_server(const ServerFields& fields, const service::Service& service) {
  if (!find_server(service, fields)) return ENOENT;
  return apply(DeleteServer{.service = service.key, .address = fields.address, .port = fields.port});
}

int Edits::start_daemon(const DaemonFields& fields) {
  const WantedDaemon to_be = wanted(fields, director_.sync_daemons());
  if (to_be.error != 0) return to_be.error;
  const int error = apply(StartSyncDaemon{to_be.daemon});
  if (error == 0)
    complain_("the connection synchronisation daemon on " + fields.interface +
              " is shown as started, but connections are not synchronised yet");
  return error;
}

int Edits::stop_daemon(const DaemonFields& fields) {
  const auto role = role_of(fields.state);
  if (!role) return EINVAL;
  return find(director_.sync_daemons(), *role) ? apply(StopSyncDaemon{*role}) : ESRCH;
}

int Edits::set_timeouts(const TimeoutFields& fields) {
  EditSettings command;
  const auto change = [&](std::uint32_t service::Settings::*field, std::optional<std::uint32_t> value) {
    const auto info = std::find_if(service::settings_table.begin(), service::settings_table.end(),
                                   [&](const service::SettingInfo& one) { return one.field == field; });
    if (value.value_or(0) != 0) command.changes.push_back({&*info, *value});  // 0: as it is
  };
  change(&service::Settings::tcp_timeout, fields.tcp);
  change(&service::Settings::tcp_fin_timeout, fields.tcp_fin);
  change(&service::Settings::udp_timeout, fields.udp);
  return apply(command);
}

int Edits::carry_out_one(const Request& request) {
  switch (request.command) {
    case IPVS_CMD_NEW_DAEMON: return request.daemon ? start_daemon(request.daemon.value) : EINVAL;
    case IPVS_CMD_DEL_DAEMON: return request.daemon ? stop_daemon(request.daemon.value) : EINVAL;
    case IPVS_CMD_SET_CONFIG: return set_timeouts(request.timeouts);
    default: break;
  }
  if (request.command == IPVS_CMD_ZERO && !request.service.is_there) return apply(ZeroStatistics{std::nullopt});
  if (!request.service) return request.service.error;
  if (request.command == IPVS_CMD_NEW_SERVICE) return add_service(request.service.value);
  if (request.command == IPVS_CMD_SET_SERVICE && !request.service.value.is_full) return EINVAL;
  const auto service = director_.find(request.service.value.key);
  if (!service) return ESRCH;
  return carry_out_one(request, *service);
}

int Edits::carry_out_one(const Request& request, const service::Service& service) {
  switch (request.command) {
    case IPVS_CMD_SET_SERVICE: return edit_service(request.service.value, service);
    case IPVS_CMD_DEL_SERVICE: return apply(DeleteService{service.key});
    case IPVS_CMD_ZERO: return apply(ZeroStatistics{service.key});
    default: break;
  }
  if (!request.server) return request.server.error;
  switch (request.command) {
    case IPVS_CMD_NEW_DEST: return add_server(request.server.value, service);
    case IPVS_CMD_SET_DEST: return edit_server(request.server.value, service);
    case IPVS_CMD_DEL_DEST: return delete_server(request.server.value, service);
    default: return EOPNOTSUPP;
  }
}

}  // namespace fairway::control::ipvs
