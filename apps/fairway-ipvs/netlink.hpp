// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

/// What is done with netlink traffic of the IPVS family. Each function says whether the socket is the director's affair;
/// if not, the kernel is to be asked as ever, and `result` means nothing. Results and errno as of the functions of libc.
namespace fairway::bridge {

/// A program that asks for the family by its name has its socket taken over from then on.
bool send(int descriptor, const msghdr& message, int flags, ssize_t& result);
bool receive(int descriptor, msghdr& message, int flags, ssize_t& result);
/// What it would be told had it a netlink socket still.
bool name(int descriptor, sockaddr* address, socklen_t* length);
bool is_captured(int descriptor);

}  // namespace fairway::bridge
