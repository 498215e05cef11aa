// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <vector>

#include "base/result.hpp"
#include "control/command.hpp"

/// What commands make of values. The director goes by it, and whoever replays what it has carried out. What comes out of a
/// service or a server has not been checked (service::check).
namespace fairway::control {

/// What means the same looks the same: a netmask of the whole address is none.
void normalize(service::ServiceSpec& spec);

/// The service's own fields; its servers stay.
service::ServiceSpec revised(service::ServiceSpec spec, const EditService& command);
service::ServerSpec revised(service::ServerSpec spec, const EditServer& command);
/// `usual`: the forwarding method of its service.
service::ServerSpec spec_of(const AddServer& command, service::Forwarding usual);

/// Errors: in words for an operator.
base::Result<std::vector<service::MarkRule>> revised(std::vector<service::MarkRule> rules, const AddMark& command);
base::Result<std::vector<service::MarkRule>> revised(std::vector<service::MarkRule> rules, const DeleteMark& command);
base::Result<service::Settings> revised(service::Settings settings, const EditSettings& command);
base::Result<SyncDaemons> revised(SyncDaemons daemons, const StartSyncDaemon& command);
base::Result<SyncDaemons> revised(SyncDaemons daemons, const StopSyncDaemon& command);

// Refusals, in the same words wherever they are said.
base::Error no_such_service(const service::ServiceKey& key);
base::Error service_exists(const service::ServiceKey& key);
base::Error no_such_server(const service::ServiceKey& key, const net::Address& address, net::ServicePort port);
base::Error server_exists(const service::ServiceKey& key, const net::Address& address, net::ServicePort port);
/// The first of them, if any.
base::Result<void> first_of(const std::vector<service::Problem>& problems);

}  // namespace fairway::control
