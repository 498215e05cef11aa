// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayd/keeping.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "control/difference.hpp"
#include "control/merge.hpp"
#include "route/tap.hpp"

namespace fairway::daemon {
namespace {

namespace fs = std::filesystem;

/// Beside the control socket; /run, where that usually is, is empty after a boot.
std::string journal_path(const config::Director& director) {
  if (!director.journal.empty()) return director.journal;
  const fs::path folder = fs::path(director.control_socket).parent_path();
  return folder == "/run/fairway" ? "/var/lib/fairway/journal" : (folder / "journal").string();
}

base::Result<void> change_address(const control::Reload::AddressChange& change) {
  auto netlink = route::Netlink::open();
  if (!netlink) return netlink.error();
  return change.is_added ? route::add_to_twin(*netlink, change.twin, change.prefix)
                         : route::take_from_twin(*netlink, change.twin, change.prefix);
}

}  // namespace

Keeping::Keeping(const config::Configuration& configuration, std::string file)
    : configuration_(configuration), file_(std::move(file)) {}

base::Result<void> Keeping::open() {
  if (configuration_.director.journal == config::no_journal) return {};
  auto opened = control::Journal::open(journal_path(configuration_.director));
  if (!opened) return opened.error();
  if (!opened->remark.empty()) spdlog::warn("{}", opened->remark);
  opened_.emplace(std::move(*opened));
  return {};
}

// The workers follow already, so however many services there are, their mailboxes do not fill up.
base::Result<void> Keeping::fill(control::Director& director) {
  const control::Inventory file = control::inventory_of(configuration_);
  const auto* journal = opened_ && opened_->contents ? &*opened_->contents : nullptr;
  const control::Inventory wanted = journal ? control::merge(journal->file, file, journal->table) : file;
  for (const control::Command& command : control::difference({}, wanted))
    if (auto done = director.apply(command); !done) return done;
  director.settle();
  if (opened_) {
    spdlog::info("journal {}: {} run-time changes to what the file says", opened_->journal->path(),
                 control::difference(file, wanted).size());
    if (auto kept = director.keep(*opened_->journal, file); !kept)
      spdlog::error("{}; nothing can be changed at run time until it can be written", kept.error().message);
  }
  reload_ = std::make_unique<control::Reload>(
      director, configuration_, file_,
      control::Reload::Hooks{.inform = [](const std::string& what) { spdlog::info("{}", what); },
                             .warn = [](const std::string& what) { spdlog::warn("{}", what); },
                             .change_address = change_address});
  return {};
}

}  // namespace fairway::daemon
