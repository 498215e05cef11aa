// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"
#include "control/command.hpp"

/// Commands as JSON: an object with one member, whose name is the command's: {"add_server": {"service": {"protocol": "tcp",
/// "address": "192.168.4.15", "port": 80}, "address": "192.168.2.100", "port": 80, "weight": 2}}. Members have the names
/// that they have in the YAML file; times are in seconds. A service by mark is {"mark": 7}, with "family": "ipv6" if it is.
/// What the file has not: "last_weight" of a server of weight 0, its latest weight that was more (service::ServerSpec).
namespace fairway::control {

/// Error: names the member that is unknown, missing, of another type or out of range ("add_server.weight: …").
base::Result<Command> command_from_json(const nlohmann::json& json);

nlohmann::json to_json(const Command& command);

}  // namespace fairway::control
