// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "control/director.hpp"
#include "control/job.hpp"

namespace fairway::control {

/// The file that a director runs on, and what is done when it has changed: all that differs between the old one and the new
/// one, and nothing else, so that run-time changes stand until the file changes that field (see merge). A file that is
/// wrong, or needs a restart, changes nothing.
class Reload {
 public:
  /// Of a twin: the only thing under `ports` that can change while the director runs.
  struct AddressChange {
    std::string twin;
    net::Prefix prefix;
    bool is_added = false;
  };

  struct Hooks {
    std::function<void(const std::string&)> inform, warn;  // for the log
    std::function<base::Result<void>(const AddressChange&)> change_address;
  };

  /// `running` was read from `path`; what the director has was made of it, and maybe of a journal.
  Reload(Director& director, const config::Configuration& running, std::string path, Hooks hooks);
  /// Waits for a file that is being read.
  ~Reload();

  /// Reads the file again and carries out what differs; a dry run only tells it. The reply is, with status 200,
  /// {"file": path, "warnings": [text...], "addresses": [{"interface": name, "address": prefix, "change": "add" or "delete"}...],
  /// "changes": [command...]}, or {"error": text, "problems": [text...]}, problems being
  /// "FILE:LINE:COLUMN: message". Both must be there as long as the job.
  std::unique_ptr<Job> begin(bool is_dry_run);

 private:
  class Work;
  struct Reading;

  std::shared_ptr<Reading> read();
  Reply finish(const config::Loaded& loaded, bool is_dry_run);
  Reply refuse(const std::string& why, const std::vector<config::Problem>& problems, bool is_dry_run);
  std::vector<AddressChange> address_changes(const config::Configuration& next) const;
  base::Result<void> change(const Inventory& merged, const Inventory& next,
                            const std::vector<AddressChange>& addresses);
  void report(const std::vector<Command>& changes);

  Director& director_;
  config::Configuration running_;
  std::string path_;
  Hooks hooks_;
  std::vector<std::shared_ptr<Reading>> readings_;  // whoever asked may have gone
};

}  // namespace fairway::control
