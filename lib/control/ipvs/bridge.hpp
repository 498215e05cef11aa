// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>

/// What the bridge (apps/fairway-ipvs) asks the director beside the kernel's own messages, over the same socket. Each
/// question is a netlink message of one of these types, which no generic netlink family can have (GENL_MAX_ID), and is
/// answered by netlink messages too.
namespace fairway::control::ipvs::bridge {

constexpr char default_socket[] = "/run/fairway/ipvs.sock";

/// The id of the IPVS family here. It never changes, so that a program that asked for it once may go on when the director
/// was started again.
constexpr std::uint16_t family_id = 0x20;

/// Payload: the path of a file of /proc/net, with its final zero. Answer: messages of this type, each with a piece of the
/// text, then NLMSG_DONE; or NLMSG_ERROR.
constexpr std::uint16_t read_file = 0x7001;
/// Payload: Option, then the value. Answer to get_option: one message of this type with the value; to set_option, and
/// where it is refused: NLMSG_ERROR, with 0 or a negative error number.
constexpr std::uint16_t get_option = 0x7002;
constexpr std::uint16_t set_option = 0x7003;

/// Of getsockopt() and setsockopt().
struct Option {
  std::uint32_t name;  // IP_VS_BASE_CTL and up
  std::uint32_t room;  // bytes that the caller takes (get_option)
};

constexpr std::uint32_t largest_message = 4096;    // bytes, of one that the director takes
constexpr std::uint32_t largest_datagram = 16384;  // bytes, of one that it sends, but for get_option's

}  // namespace fairway::control::ipvs::bridge
