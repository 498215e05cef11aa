// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "control/ipvs/rows.hpp"
#include "control/ipvs/writer.hpp"
#include "control/sync_daemon.hpp"
#include "service/settings.hpp"

/// The kernel's replies. `flags`: NLM_F_MULTI in a dump. Attributes stand in the kernel's order.
namespace fairway::control::ipvs {

/// nlctrl's answer for the IPVS family.
void write_family(Writer& writer);
void write(Writer& writer, std::uint16_t flags, const ServiceRow& row);
void write(Writer& writer, std::uint16_t flags, const ServerRow& row);
void write(Writer& writer, std::uint16_t flags, const SyncDaemon& daemon);
/// GET_CONFIG's: the three timeouts.
void write(Writer& writer, const service::Settings& settings);
void write_info(Writer& writer, std::uint32_t connection_table_size);

}  // namespace fairway::control::ipvs
