// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "control/journal_file.hpp"
#include "control/journal_text.hpp"

namespace fairway::control {

/// Keeps what was changed at run time for the next start: commands are appended before they are answered, and now and then
/// the file is written anew with what they have come to. It is written beside and renamed, so there is a whole journal at any
/// time, whenever the program or the machine ends.
///
/// What is committed has been given to the kernel, so no end of the program loses it. It is on the disk as well
/// (fdatasync), but for what is committed between the same two ticks as something else: that follows with the second one. So
/// an edit by itself outlives a loss of power, and a hundred thousand in a row do not wait for the disk one by one.
///
/// Control's thread only.
class Journal {
 public:
  struct Opened;
  /// Takes the journal of this path for itself, or makes one where there is none. What cannot be used is kept aside under
  /// another name. Error: another director has it, or there can be no such file; in words that name the path.
  static base::Result<Opened> open(const std::string& path);

  /// To be called once before anything is noted: it is made against this file, and this is there. Error: it could not be
  /// written, and takes no commands until it can be.
  base::Result<void> begin(const Inventory& file, const Inventory& table);

  /// Whether it takes commands; if not, they must not be carried out. Error: why not.
  base::Result<void> check() const;
  /// To be written with the next commit.
  void note(const Command& command) { writer_.add(command); }
  /// Error: nothing that was noted since the last one is kept, and it takes no commands until a tick finds that it can be
  /// written again.
  base::Result<void> commit();
  /// What is committed.
  base::Result<JournalContents> read() const;

  /// To be called every 100 ms, and then, if it wants to be written anew, compact(). Error: what was answered already may be lost
  /// with the machine.
  base::Result<void> tick();
  bool wants_compaction() const { return ticks_to_wait_ == 0 && (is_suspect_ || size_ > longest_); }
  /// Writes it anew: all commands so far have come to this. Error: the old one is as it was.
  base::Result<void> compact(const Inventory& table);

  /// Likewise for another file, in two steps: all that may well fail, and what puts the new journal in the old one's place.
  base::Result<void> prepare(const Inventory& file, const Inventory& table);
  base::Result<void> adopt();
  /// Instead of adopt().
  void abandon();

  const std::string& path() const { return path_; }

 private:
  Journal(std::string path, JournalFile file) : path_(std::move(path)), disk_(std::move(file)) {}

  base::Error failed(const base::Error& error);
  base::Error suspect(const base::Error& error);
  void take_back();

  struct Prepared {
    JournalFile disk;
    Inventory file;
    JournalWriter writer;
    std::uint64_t size;
  };

  std::string path_;
  JournalFile disk_;
  Inventory file_;               // that it was made against
  JournalWriter writer_;         // what is noted
  std::uint64_t next_line_ = 1;  // of what is committed next
  std::uint64_t size_ = 0;       // of what is committed
  std::uint64_t longest_ = 0;    // before it is written anew
  std::optional<Prepared> prepared_;
  std::string failure_;      // why it takes no commands; empty: it does
  bool is_suspect_ = false;  // what it holds, or what the disk has of it, is not what it should be
  int ticks_to_wait_ = 0;    // after a compaction that failed
  bool has_synced_ = false;  // in this tick
  bool is_sync_due_ = false;
};

struct Journal::Opened {
  std::unique_ptr<Journal> journal;
  std::optional<JournalContents> contents;  // nothing if it is new, or was kept aside
  std::string remark;  // for the log: what was cut off, or kept aside and why; empty if nothing was
};

}  // namespace fairway::control
