// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/// The bridge's way to the director. Everything in this program is libc alone: it lives in other people's processes.
namespace fairway::bridge {

/// A new connection to the director that waits five seconds at most for anything, or -1 and errno. The first of a process waits
/// for the director to come, as long as FAIRWAY_IPVS_WAIT says (seconds; 0 if it is not set).
int dial();
/// Likewise, once the process has been connected: a director that is being started again is waited for a second, once.
int redial();

/// One end of a pair of sockets in which this error waits as the answer to a request, and after it the end; -1 if there can be
/// none. To whoever reads it that is no other than a director which refuses.
int refusal(uint32_t sequence, uint32_t port, int error);

/// The text of a file as the director has it (bridge.hpp, read_file), on a connection of its own: `take` gets it piece by
/// piece. 0, or an error number.
int read_file(const char* path, void (*take)(void* context, const void* bytes, size_t size), void* context);

}  // namespace fairway::bridge
