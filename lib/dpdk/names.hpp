// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

namespace fairway::dpdk {

/// A name that no other object of this process has: rings, pools and hash tables of DPDK live in global lists by name,
/// of at most 25 characters where a pool's ring takes some for itself.
std::string unique_name(const char* kind);

}  // namespace fairway::dpdk
