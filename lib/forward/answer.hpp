// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/context.hpp"

namespace fairway::forward {

/// Decides a packet: turned into the ICMP error that belongs to `verdict`, from `source`, in its own buffer; or the reason
/// why that could not be. `mtu` is of answer_fragmentation_needed only, in bytes.
void answer(Burst& burst, std::uint32_t i, Verdict verdict, net::Ipv4Address source, std::uint16_t mtu,
            Context& context) noexcept;

}  // namespace fairway::forward
