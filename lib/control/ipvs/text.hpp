// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

#include "control/ipvs/rows.hpp"
#include "worker/channel.hpp"

/// Lines of the kernel's files below /proc/net, in its format.
namespace fairway::control::ipvs {

/// ip_vs: addresses and ports in hexadecimal.
std::string file_head(std::uint32_t connection_table_size);
std::string line_of(const ServiceRow& row);
std::string line_of(const ServerRow& row);

/// ip_vs_conn.
extern const char connection_head[];
std::string line_of(const worker::ConnectionRow& row);

/// The whole of ip_vs_stats.
std::string statistics_text(const Statistics& counted, const Rates& rates);

}  // namespace fairway::control::ipvs
