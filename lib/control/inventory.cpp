// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/inventory.hpp"

#include "control/revise.hpp"

namespace fairway::control {

Inventory inventory_of(const config::Configuration& configuration) {
  Inventory made{.settings = configuration.settings, .marks = configuration.marks, .services = configuration.services};
  for (service::ServiceSpec& spec : made.services) normalize(spec);
  return made;
}

}  // namespace fairway::control
