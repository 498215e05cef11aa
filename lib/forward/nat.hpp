// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "conn/entry.hpp"
#include "net/packet.hpp"

namespace fairway::forward {

/// Network address translation (RFC 3022): the client's packet gets the server's address and port as destination.
void nat_to_server(net::PacketView& packet, const conn::Hot& entry) noexcept;

/// The server's packet gets the virtual address and port as source.
void nat_to_client(net::PacketView& packet, const conn::Hot& entry) noexcept;

}  // namespace fairway::forward
