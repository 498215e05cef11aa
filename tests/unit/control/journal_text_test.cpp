// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/journal_text.hpp"

#include <catch2/catch.hpp>

#include "support/inventory.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::command;
using fairway::test::inventory;
using fairway::test::service_text;

namespace {

const Inventory file = inventory("settings: {tcp_timeout: 5}\nmarks: [{mark: 7}]\nservices:\n" +
                                 service_text("scheduler: sh, scheduler_flags: [sh-port], name: web", {1, 0, 4}));

/// What was made of it at run time.
Inventory table() {
  Inventory made = file;
  made.services[0].servers[1].weight = 3;
  made.services[0].servers[2].set_weight(0);
  made.sync_daemons = {{.role = SyncRole::backup,
                        .interface = "eth\xff",
                        .sync_id = 3,
                        .longest_message = 1024,
                        .group = net::parse_address("224.0.0.81").value(),
                        .port = 8848,
                        .ttl = 1}};
  return made;
}

const Command deletion = command(R"({"delete_service":{"protocol":"tcp","address":"10.0.0.1","port":80}})");

std::string text() {
  JournalWriter writer;
  writer.begin(file, table());
  writer.add(deletion);
  return writer.text();
}

std::string error_of(const std::string& text) {
  const auto read = read_journal(text);
  return read ? "" : read.error().message;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin) + 1;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line;
  return text;
}

}  // namespace

TEST_CASE("a journal comes back as it was written") {
  const auto read = read_journal(text());
  REQUIRE(read);
  CHECK(read->contents.file == file);
  CHECK(read->contents.table.services.empty());
  CHECK(read->contents.table.marks == file.marks);
  CHECK(read->contents.table.settings.tcp_timeout == 5);
  CHECK(read->contents.table.sync_daemons.at(0).sync_id == 3);
  CHECK(read->contents.table.sync_daemons.at(0).interface == "eth\xef\xbf\xbd");  // JSON is UTF-8
  CHECK(read->sound == text().size());
  CHECK(read->next_line == lines_of(text()).size() + 1);
}

TEST_CASE("a journal says the last weight of a server that is drained") {
  JournalWriter writer;
  writer.begin(file, table());
  const auto read = read_journal(writer.text());
  REQUIRE(read);
  CHECK(read->contents.table.services == table().services);
  CHECK(read->contents.table.services.at(0).servers.at(2).last_weight == 4);
}

TEST_CASE("a journal is text that anybody can read and check") {
  JournalWriter writer;
  writer.begin({}, {});
  writer.add(deletion);
  // python3 -c 'import zlib; print("%08x" % zlib.crc32(b"1 journal {\"version\":1}"))'
  CHECK(writer.text() ==
        "08a41e3e journal {\"version\":1}\n"
        "06c94a6e table {\"delete_service\":{\"address\":\"10.0.0.1\",\"port\":80,\"protocol\":\"tcp\"}}\n");
}

TEST_CASE("what a crash has cut short is left out, wherever it was cut") {
  const std::string whole = text(), last = lines_of(whole).back();
  for (std::size_t left = 0; left < last.size(); ++left) {
    const auto read = read_journal(std::string_view(whole).substr(0, whole.size() - last.size() + left));
    REQUIRE(read);
    CHECK(read->sound == whole.size() - last.size());
    CHECK(read->contents.table.services == table().services);
  }
  const auto zeros = read_journal(whole.substr(0, whole.size() - 5) + std::string(4096, '\0'));
  REQUIRE(zeros);
  CHECK(zeros->sound == whole.size() - last.size());
}

TEST_CASE("a journal with a damaged line before its end is refused, as is one with a line that is missing or moved") {
  auto lines = lines_of(text());
  REQUIRE(lines.size() >= 6);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    auto damaged = lines;
    damaged[i][damaged[i].size() / 2] ^= 1;
    CHECK(error_of(joined(damaged)) == "line " + std::to_string(i + 1) + ": its checksum is wrong");
    auto shorter = lines;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    if (i + 2 < lines.size())
      CHECK(error_of(joined(shorter)) == "line " + std::to_string(i + 1) + ": its checksum is wrong");
  }
  std::swap(lines[2], lines[3]);
  CHECK(error_of(joined(lines)) == "line 3: its checksum is wrong");
}

TEST_CASE("what is no journal, or one of another version, is refused") {
  CHECK(error_of("").empty());
  CHECK(error_of("hello") == "line 1: it is no journal");
  CHECK(error_of("hello\n") == "line 1: it is no journal");
  CHECK(error_of("hello\nworld\n") == "line 1: its checksum is wrong");
  CHECK(error_of("23894dfd journal {\"version\":2}\n") ==
        "line 1: its version is 2, and this director reads version 1");
  CHECK(error_of("2ca50398 table {}\n") == "line 1: a journal begins with its version");
}

TEST_CASE("a line that is whole and yet no command that can be carried out is refused") {
  JournalWriter writer;
  writer.begin({}, {});
  writer.add(deletion);
  writer.add(deletion);
  CHECK(error_of(writer.text()) == "line 2: there is no service tcp 10.0.0.1:80");
}

TEST_CASE("a writer goes on where a journal ends") {
  JournalWriter writer;
  writer.begin(file, table());
  std::string whole = writer.take();
  JournalWriter other(read_journal(whole)->next_line);
  other.add(deletion);
  whole += other.take();
  CHECK(whole == text());
}
