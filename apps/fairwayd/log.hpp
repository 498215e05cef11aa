// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

namespace fairway::daemon {

/// spdlog's default logger goes to standard error: with a time stamp for people, with the journal's priorities
/// (sd-daemon(3)) where standard error is the journal.
void set_up_log(bool verbose);

}  // namespace fairway::daemon
