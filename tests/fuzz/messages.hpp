// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <vector>

#include "input.hpp"

namespace fairway::fuzz {

/// One netlink message as the input says: a header and nested attributes of a few bytes each, with lengths that are true or
/// lie, or bytes that stand in the input as they are.
struct NetlinkMessage {
  std::vector<char> bytes;
  bool may_edit = true;   // who sends it is root
  bool has_more = false;  // the next one is in the same datagram
};

NetlinkMessage read_message(Input& input, std::uint32_t sequence);

}  // namespace fairway::fuzz
