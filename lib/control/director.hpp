// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "control/command.hpp"
#include "control/inventory.hpp"
#include "control/journal.hpp"
#include "control/replay.hpp"
#include "control/servers.hpp"

namespace fairway::control {

/// The one place where commands are carried out: keeps the current version of every service, publishes new ones to the
/// workers and frees old ones when no worker can hold them. Control's thread only, but for table() and statuses(), which
/// the workers read. It must outlive the workers.
class Director {
 public:
  Director(worker::Crew& crew, NeighbourKeeper& neighbours);

  /// Carries out one command, or says why not, in words for an operator; then nothing has changed. A new version copies
  /// one service. To be acknowledged only after commit().
  base::Result<void> apply(const Command& command);
  /// Waits until no worker acts on what was before the last command, frees what is freed.
  void settle();
  /// After a command, or once after a batch of them: settles, and keeps in the journal what was done. Error: the journal does
  /// not take it, and all that was done since the last call has been undone.
  base::Result<void> commit();

  /// From now on what is done is kept in this journal, which begins with what is there, made of this file. Error: it cannot be
  /// written; then nothing is done until it can be.
  base::Result<void> keep(Journal& journal, const Inventory& file);
  /// Error: nothing is done now, as the journal cannot be written.
  base::Result<void> check_journal() const { return journal_ ? journal_->check() : base::Result<void>(); }
  /// To be called every 100 ms. Error, for the log: what the journal suffers from.
  base::Result<void> tick_journal();
  /// All that commands have made.
  Inventory inventory() const;
  /// Makes this of what is there, whole or not at all, because the file now says so. Settled when it returns.
  base::Result<void> change_to(const Inventory& next, const Inventory& file);

  /// To be called each minute: forgets deleted servers (see Servers).
  void sweep(Servers::Time now);
  /// To be called with the first routes and whenever they, or a neighbour that is wanted, have changed.
  void routes_changed(std::shared_ptr<const route::Snapshot> routes) { servers_.routes_changed(std::move(routes)); }

  const service::Table& table() const { return table_; }
  const service::ServerStatus* statuses() const { return servers_.statuses(); }
  const Servers& servers() const { return servers_; }
  const SyncDaemons& sync_daemons() const { return sync_daemons_; }

  /// Null if there is none.
  std::shared_ptr<const service::Service> find(const service::ServiceKey& key) const;
  /// All services in the order in which they were added.
  std::vector<std::shared_ptr<const service::Service>> services() const;
  /// What this service's servers counted while they were in it, those that were deleted since included, since its zero
  /// point; and how fast they count.
  Statistics statistics(const service::ServiceKey& key) const;
  Rates rates(const service::ServiceKey& key) const;
  /// Of all services, deleted ones too.
  Statistics total() const { return total_.since_zero(servers_.total()); }
  Rates total_rates() const { return total_.rates(); }
  /// To be called every Estimator::period.
  void tick_rates();

 private:
  using Version = std::shared_ptr<const service::Service>;
  struct Entry {
    Version version;
    /// Of servers that left, less what those who came had counted before: the rest of the sum over current servers.
    Statistics others;
    Meter meter;
  };

  base::Result<void> carry_out(const AddService& command);
  base::Result<void> carry_out(const EditService& command);
  base::Result<void> carry_out(const DeleteService& command);
  base::Result<void> carry_out(const AddServer& command);
  base::Result<void> carry_out(const EditServer& command);
  base::Result<void> carry_out(const DeleteServer& command);
  base::Result<void> carry_out(const ZeroStatistics& command);
  base::Result<void> carry_out(const AddMark& command);
  base::Result<void> carry_out(const DeleteMark& command);
  base::Result<void> carry_out(const EditSettings& command);
  base::Result<void> carry_out(const StartSyncDaemon& command);
  base::Result<void> carry_out(const StopSyncDaemon& command);
  template <class MarkCommand>
  base::Result<void> put_revised_marks(const MarkCommand& command);
  template <class DaemonCommand>
  base::Result<void> put_revised_daemons(const DaemonCommand& command);

  base::Result<void> carry_out_one(const Command& command);
  base::Result<void> make(const Inventory& wanted);
  base::Error undo(const base::Error& why);

  base::Result<Entry*> entry_of(const service::ServiceKey& key);
  base::Result<void> check_room_for(const service::ServiceSpec& spec) const;
  base::Result<service::Server> admit(Entry& entry, service::ServiceId service, const service::ServiceKey& key,
                                      const service::ServerSpec& spec);
  void dismiss(Entry& entry, const service::Server& server);
  Statistics counted(const Entry& entry) const;
  void set_to_zero(Entry& entry);
  template <class Values>
  void put(Values values);
  Version put(Entry& entry, std::shared_ptr<service::Service> next);
  void put_and_announce(Entry& entry, std::shared_ptr<service::Service> next, bool takes_servers_away = false);
  void discard(Version version);

  worker::Crew& crew_;
  Journal* journal_ = nullptr;
  service::Table table_;
  Servers servers_;
  std::unordered_map<service::ServiceKey, Entry, ServiceKeyHash> services_;
  SyncDaemons sync_daemons_;
  Meter total_;
  std::uint32_t next_service_ = 1;  // ids grow in the order of adding
  std::uint32_t changes_since_collection_ = 0;
};

}  // namespace fairway::control
