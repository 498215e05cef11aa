// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/difference.hpp"
#include "control/director.hpp"
#include "control/specs.hpp"

/// The director as one value, and how it gets from one to another.
namespace fairway::control {

Inventory Director::inventory() const {
  Inventory made{.settings = table_.settings(),
                 .marks = table_.mark_rules().rules(),
                 .services = {},
                 .sync_daemons = sync_daemons_};
  for (const Version& service : services()) {
    service::ServiceSpec& spec = made.services.emplace_back(spec_of(*service));
    for (auto server = service->servers.rbegin(); server != service->servers.rend(); ++server)  // the oldest first
      spec.servers.push_back(spec_of(*server));
  }
  return made;
}

/// As far as it goes.
base::Result<void> Director::make(const Inventory& wanted) {
  for (const Command& command : difference(inventory(), wanted))
    if (auto done = carry_out_one(command); !done) return done;
  return {};
}

base::Result<void> Director::keep(Journal& journal, const Inventory& file) {
  journal_ = &journal;
  return journal.begin(file, inventory());
}

/// What the journal says is what there is.
base::Error Director::undo(const base::Error& why) {
  const auto kept = journal_->read();
  auto undone = kept ? make(kept->table) : kept.error();
  settle();
  if (undone) return why;
  return {why.message + "; and what was done cannot be undone: " + undone.error().message};
}

base::Result<void> Director::tick_journal() {
  if (!journal_) return {};
  auto ticked = journal_->tick();
  if (!journal_->wants_compaction()) return ticked;
  auto compacted = journal_->compact(inventory());
  return ticked ? compacted : ticked;
}

base::Result<void> Director::change_to(const Inventory& next, const Inventory& file) {
  if (journal_)
    if (auto prepared = journal_->prepare(file, next); !prepared) return prepared;
  const Inventory before = inventory();
  auto done = make(next);
  if (journal_ && !done) journal_->abandon();
  if (journal_ && done) done = journal_->adopt();
  if (!done)
    if (auto undone = make(before); !undone)
      done = base::Error{done.error().message + "; and what was done cannot be undone: " + undone.error().message};
  settle();
  return done;
}

}  // namespace fairway::control
