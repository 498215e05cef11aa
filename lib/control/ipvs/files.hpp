// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <linux/netlink.h>

#include <memory>

#include "control/connection_walk.hpp"
#include "control/director.hpp"
#include "control/ipvs/answer.hpp"

namespace fairway::control::ipvs {

/// The answer to bridge::read_file: /proc/net/ip_vs, ip_vs_stats or ip_vs_conn as the kernel writes them. Null for any
/// other path.
std::unique_ptr<Answer> read_file(const Director& director, const std::shared_ptr<Questions>& questions,
                                  std::uint32_t connection_table_size, const nlmsghdr& message);

}  // namespace fairway::control::ipvs
