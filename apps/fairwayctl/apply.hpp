// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

#include "fairwayctl/client.hpp"

namespace fairway::ctl {

/// Carries out the commands of a file, one a line; "-" is standard input. What goes wrong is said as FILE:LINE: message.
/// Without `keep_going` nothing is sent if a line is not a command, and what follows a refused command is not carried
/// out. Returns the program's exit status.
int apply(Client& client, const std::string& file, bool keep_going);

}  // namespace fairway::ctl
