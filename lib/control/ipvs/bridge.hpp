// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

/// What the bridge (apps/fairway-ipvs) and the director agree on beside the kernel's own messages.
namespace fairway::control::ipvs::bridge {

constexpr char default_socket[] = "/run/fairway/ipvs.sock";

/// The id of the IPVS family here. It never changes, so that a program that asked for it once may go on when the director
/// was started again.
constexpr std::uint16_t family_id = 0x20;

/// A message of a type that no family can have (GENL_MAX_ID), over the same socket. Payload: the path of a file of
/// /proc/net, with its final zero. Answer: messages of this type, each with a piece of the text, then NLMSG_DONE; or
/// NLMSG_ERROR.
constexpr std::uint16_t read_file = 0x7001;
constexpr std::uint32_t largest_message = 4096;    // bytes, of one that the director takes
constexpr std::uint32_t largest_datagram = 16384;  // bytes, of one that it sends

}  // namespace fairway::control::ipvs::bridge
