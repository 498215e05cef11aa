// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/journal.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

namespace fairway::control {
namespace {

constexpr std::size_t probe_size = 4096;            // bytes
constexpr std::uint64_t least_history = 64 * 1024;  // bytes that are not worth to be written anew
constexpr int ticks_between_attempts = 50;          // to compact: five seconds

std::string new_name(const std::string& path) { return path + ".new"; }

std::string name_aside(const std::string& path) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, ".damaged-%Y%m%dT%H%M%SZ", &parts);
  return path + text;
}

base::Error about(const std::string& path, const base::Error& error) {
  return {"journal " + path + ": " + error.message};
}

}  // namespace

base::Result<Journal::Opened> Journal::open(const std::string& path) {
  auto disk = JournalFile::open(path);
  if (!disk) return about(path, disk.error());
  const auto text = disk->read();
  Opened opened{.journal = std::unique_ptr<Journal>(new Journal(path, std::move(*disk))), .contents = {}, .remark = {}};
  if (text && text->empty()) return opened;
  auto read = text ? read_journal(*text) : base::Result<JournalRead>(text.error());
  if (read) {
    opened.journal->size_ = read->sound;
    opened.journal->next_line_ = read->next_line;
    if (read->sound < text->size())
      opened.remark = "journal " + path + ": line " + std::to_string(read->next_line) +
                      " was cut short when the director or the machine ended; it is left out";
    opened.contents = std::move(read->contents);
    return opened;
  }
  const std::string aside = name_aside(path);
  if (auto renamed = JournalFile::rename(path, aside); !renamed) return about(path, renamed.error());
  auto next = JournalFile::open(path);
  if (!next) return about(path, next.error());
  opened.journal->disk_ = std::move(*next);
  opened.remark = about(path, read.error()).message + "; it is kept as " + aside +
                  ", and what was changed at run time is not there";
  return opened;
}

base::Error Journal::failed(const base::Error& error) {
  failure_ = about(path_, error).message;
  return {failure_};
}

/// Only a new file can be relied on: after a failed sync the kernel takes the lost pages for written.
base::Error Journal::suspect(const base::Error& error) {
  is_suspect_ = true;
  return failed(error);
}

base::Result<void> Journal::begin(const Inventory& file, const Inventory& table) {
  file_ = file;
  if (auto written = compact(table); !written) return suspect({written.error().message});
  return {};
}

base::Result<void> Journal::check() const {
  if (failure_.empty()) return {};
  return base::Error{failure_};
}

/// As if nothing had been noted.
void Journal::take_back() {
  writer_ = JournalWriter(next_line_);
  [[maybe_unused]] const auto cut = disk_.cut_at(size_);  // what is left is written over, or was damaged before
}

base::Result<void> Journal::commit() {
  const std::string text = writer_.take();
  if (text.empty()) return {};
  if (auto written = disk_.write_at(size_, text); !written) {
    take_back();
    return failed(written.error());
  }
  if (std::exchange(has_synced_, true)) {
    is_sync_due_ = true;
  } else if (auto synced = disk_.sync(); !synced) {
    take_back();
    return suspect(synced.error());
  }
  size_ += text.size();
  next_line_ = writer_.next_line();
  return {};
}

base::Result<JournalContents> Journal::read() const {
  const auto text = disk_.read(size_);
  if (!text) return about(path_, text.error());
  auto contents = read_journal(*text);
  if (!contents) return about(path_, contents.error());
  return std::move(contents->contents);
}

base::Result<void> Journal::tick() {
  has_synced_ = false;
  if (ticks_to_wait_ > 0) --ticks_to_wait_;
  if (!failure_.empty() && !is_suspect_) {
    const std::string probe(probe_size, ' ');
    const bool is_writable = disk_.write_at(size_, probe) && disk_.cut_at(size_);
    if (is_writable) failure_.clear();
  }
  if (!std::exchange(is_sync_due_, false)) return {};
  if (auto synced = disk_.sync(); !synced) return suspect(synced.error());
  return {};
}

base::Result<void> Journal::compact(const Inventory& table) {
  ticks_to_wait_ = ticks_between_attempts;
  if (auto prepared = prepare(file_, table); !prepared) return prepared;
  return adopt();
}

base::Result<void> Journal::prepare(const Inventory& file, const Inventory& table) {
  prepared_.reset();
  const std::string name = new_name(path_);
  auto disk = JournalFile::make(name);
  if (!disk) return about(name, disk.error());
  Prepared made{.disk = std::move(*disk), .file = file, .writer = JournalWriter(), .size = 0};
  made.writer.begin(file, table);
  const std::string text = made.writer.take();
  made.size = text.size();
  auto done = made.disk.write_at(0, text);
  if (done) done = made.disk.sync();
  if (!done) {
    JournalFile::remove(name);
    return about(name, done.error());
  }
  prepared_ = std::move(made);
  return {};
}

void Journal::abandon() {
  prepared_.reset();
  JournalFile::remove(new_name(path_));
}

base::Result<void> Journal::adopt() {
  Prepared made = std::move(*prepared_);
  prepared_.reset();
  if (auto renamed = JournalFile::rename(new_name(path_), path_); !renamed) {
    JournalFile::remove(new_name(path_));
    return about(path_, renamed.error());
  }
  disk_ = std::move(made.disk);
  file_ = std::move(made.file);
  writer_ = std::move(made.writer);
  next_line_ = writer_.next_line();
  size_ = made.size;
  longest_ = 2 * size_ + least_history;
  failure_.clear();
  ticks_to_wait_ = 0;
  is_suspect_ = is_sync_due_ = false;
  return {};
}

}  // namespace fairway::control
