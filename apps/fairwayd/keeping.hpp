// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "config/configuration.hpp"
#include "control/director.hpp"
#include "control/reload.hpp"

namespace fairway::daemon {

/// What the director has from its file and from before it was started: the journal, and the file when it changes.
class Keeping {
 public:
  /// `configuration` was read from this file.
  Keeping(const config::Configuration& configuration, std::string file);

  /// Opens and reads the journal; before a device is touched. Error: another director has it, or there can be none.
  base::Result<void> open();
  /// Gives the director, which has nothing yet, all that the file and the journal say; from then on keeps what is done.
  base::Result<void> fill(control::Director& director);

  /// After fill().
  std::unique_ptr<control::Job> reload(bool is_dry_run) { return reload_->begin(is_dry_run); }

 private:
  const config::Configuration& configuration_;
  std::string file_;
  std::optional<control::Journal::Opened> opened_;
  std::unique_ptr<control::Reload> reload_;
};

}  // namespace fairway::daemon
