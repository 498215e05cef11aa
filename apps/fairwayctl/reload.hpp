// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "fairwayctl/client.hpp"

namespace fairway::ctl {

/// Lets the director read its file again, or only say what that would change; prints the changes as commands. Returns a Status.
int reload(Client& client, bool is_dry_run);

}  // namespace fairway::ctl
