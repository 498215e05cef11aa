// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace fairway::tests {

/// What a table hands over to be freed when no reader can hold it: kept until the test frees it.
struct Retired {
  std::vector<std::shared_ptr<const void>> garbage;

  static void keep(void* self, std::shared_ptr<const void> what) {
    static_cast<Retired*>(self)->garbage.push_back(std::move(what));
  }
};

}  // namespace fairway::tests
