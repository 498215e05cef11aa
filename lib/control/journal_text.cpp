// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/journal_text.hpp"

#include <boost/crc.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "control/difference.hpp"
#include "control/json.hpp"
#include "control/replay.hpp"

namespace fairway::control {
namespace {

constexpr int version = 1;
constexpr std::size_t checksum_digits = 8;

std::string checksum_of(std::uint64_t line, std::string_view rest) {
  const std::string number = std::to_string(line) + ' ';
  boost::crc_32_type crc;
  crc.process_bytes(number.data(), number.size());
  crc.process_bytes(rest.data(), rest.size());
  char text[checksum_digits + 1];
  std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(crc.checksum()));
  return text;
}

/// Reads one line after another into a file's and a table's commands.
class Reader {
 public:
  base::Result<void> read(std::uint64_t line, std::string_view text) {
    const auto json = json_of(text);
    if (line == 1) return check_version(text, json);
    if (!text.starts_with("file ") && !text.starts_with("table ")) return base::Error{"it says neither file nor table"};
    const auto command =
        json.is_discarded() ? base::Result<Command>(base::Error{"it is no JSON"}) : command_from_json(json);
    if (!command) return command.error();
    return (text.front() == 'f' ? file_ : table_).apply(*command);
  }

  JournalContents take() { return {.file = file_.take(), .table = table_.take()}; }

 private:
  static nlohmann::json json_of(std::string_view text) {
    const auto space = text.find(' ');
    return nlohmann::json::parse(text.substr(space == text.npos ? text.size() : space), nullptr, false);
  }

  static base::Result<void> check_version(std::string_view text, const nlohmann::json& json) {
    if (!text.starts_with("journal ") || !json.is_object() || !json.contains("version"))
      return base::Error{"a journal begins with its version"};
    if (json.at("version") == version) return {};
    return base::Error{"its version is " + json.at("version").dump() + ", and this director reads version " +
                       std::to_string(version)};
  }

  Replay file_, table_;
};

}  // namespace

void JournalWriter::add_line(const std::string& rest) { text_ += checksum_of(next_line_++, rest) + ' ' + rest + '\n'; }

// The name of a network interface may be anything.
void JournalWriter::add_line(std::string_view kind, const Command& command) {
  add_line(std::string(kind) + ' ' + to_json(command).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void JournalWriter::begin(const Inventory& file, const Inventory& table) {
  text_.clear();
  next_line_ = 1;
  add_line("journal " + nlohmann::json{{"version", version}}.dump());
  for (const Command& command : difference({}, file)) add_line("file", command);
  for (const Command& command : difference({}, table)) add_line("table", command);
}

base::Result<JournalRead> read_journal(std::string_view text) {
  JournalRead result;
  Reader reader;
  while (result.sound < text.size()) {
    const auto failure = [&](const std::string& what) {
      return base::Error{"line " + std::to_string(result.next_line) + ": " + what};
    };
    const std::string_view rest = text.substr(result.sound);
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    const bool is_sound =
        end != rest.npos && line.size() > checksum_digits && line[checksum_digits] == ' ' &&
        line.substr(0, checksum_digits) == checksum_of(result.next_line, line.substr(checksum_digits + 1));
    if (!is_sound && (end == rest.npos || end + 1 == rest.size())) break;  // the last one: a crash cut it short
    if (!is_sound) return failure("its checksum is wrong");
    if (auto read = reader.read(result.next_line, line.substr(checksum_digits + 1)); !read)
      return failure(read.error().message);
    ++result.next_line;
    result.sound += end + 1;
  }
  if (result.next_line == 1 && !text.empty()) return base::Error{"line 1: it is no journal"};
  result.contents = reader.take();
  return result;
}

}  // namespace fairway::control
