// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/names.hpp"

#include <atomic>

namespace fairway::dpdk {

std::string unique_name(const char* kind) {
  static std::atomic<unsigned> last = 0;
  return std::string("fw-") + kind + "-" + std::to_string(++last);
}

}  // namespace fairway::dpdk
