// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>

#include "base/result.hpp"
#include "fairwayctl/client.hpp"

namespace fairway::ctl {

/// Of the program when it ends.
enum Status : int {
  done = 0,
  refused = 1,      // by the director
  misused = 2,      // the words are wrong
  unreachable = 3,  // no director answers
};

/// "fairwayctl: message" on standard error; returns the status, for `return complain(...)`.
int complain(Status status, const std::string& message);

/// What the director said if it refused a whole request.
std::string error_of(const Client::Answer& answer);

}  // namespace fairway::ctl
