// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/burst.hpp"

namespace fairway::forward {

/// Gives every packet that is left its next hop's link-layer header and port. VLAN tags it came with are gone; what the
/// sender padded a short frame with is cut off.
void send(Burst& burst) noexcept;

}  // namespace fairway::forward
