// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/context.hpp"
#include "forward/nat.hpp"

/// Servers that are the director itself (the kernel's LOCALNODE).
namespace fairway::forward {

/// Decides the packets whose server is the director itself: up the twin of the port by which they came, for NAT with the
/// server's address and port, else as they are. They are not routed, so no TTL counts down and no MTU is asked for.
void deliver_to_this_host(Burst& burst, const Context& context) noexcept;

/// Packets that Linux sends by a twin: whatever is not TCP or UDP it sends as it is. The verdict to_kernel means that here:
/// the kernel's own, it goes out as it came from there.
void parse_from_kernel(Burst& burst) noexcept;

/// Of those that are no server's replies: another worker may know them, or they are the kernel's own.
void leave_to_kernel(Burst& burst, const Context& context) noexcept;

/// Replies of NAT servers that are the director itself: from the virtual address. The kernel has chosen their way already.
void translate_from_kernel(Burst& burst) noexcept;

}  // namespace fairway::forward
