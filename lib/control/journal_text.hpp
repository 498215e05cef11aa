// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "control/command.hpp"
#include "control/inventory.hpp"

/// A journal as text, without the file that it lies in. A line each:
///
///     c9d1a3f0 journal {"version":1}
///     18b7e2aa file {"add_service":{...}}       what the YAML file asked for, as commands
///     7701c4de table {"add_service":{...}}      what was there when the journal was written anew, and then every command
///
/// The first word is the CRC-32 (zlib's) of the line's number, a space, and the rest of the line, so that a line that is
/// lost, or moved, is seen as well as one that was changed.
namespace fairway::control {

struct JournalContents {
  Inventory file;  // that the table was made against
  Inventory table;
};

class JournalWriter {
 public:
  /// `next_line`: of the next line, from 1.
  explicit JournalWriter(std::uint64_t next_line = 1) : next_line_(next_line) {}

  /// A whole journal: its begin, whatever was written before.
  void begin(const Inventory& file, const Inventory& table);
  void add(const Command& command) { add_line("table", command); }

  const std::string& text() const { return text_; }
  std::uint64_t next_line() const { return next_line_; }
  std::string take() { return std::exchange(text_, {}); }

 private:
  void add_line(std::string_view kind, const Command& command);
  void add_line(const std::string& rest);

  std::string text_;
  std::uint64_t next_line_;
};

struct JournalRead {
  JournalContents contents;
  std::uint64_t next_line = 1;  // where to go on
  std::size_t sound = 0;        // bytes; what follows is a line that a crash has cut short
};

/// Error: "line 7: its checksum is wrong". A last line that is damaged is left out: nobody has had an answer to it
/// if it was cut short.
base::Result<JournalRead> read_journal(std::string_view text);

}  // namespace fairway::control
