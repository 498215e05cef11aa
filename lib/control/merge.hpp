// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "control/inventory.hpp"

namespace fairway::control {

/// What becomes of `now`, which was made of the file `before` and changes at run time, when the file becomes `after`:
///   - What the file changes is as the file says: fields, servers and services that come or go, whatever was done to them
///     at run time.
///   - What the file says as before stays as it is now: a weight that was edited, a server or service that was deleted.
///   - What the file never named stays: services and servers that were added at run time. When the file begins to name one
///     of them, it is as the file says.
/// A field, here, is what is said together: a scheduler with its flags, persistence with its netmask, both thresholds.
/// The file says no last weight: a server whose weight it sets to 0 has the one before as its last.
/// What was not changed at run time has the file's order, too.
Inventory merge(const Inventory& before, const Inventory& after, Inventory now);

}  // namespace fairway::control
