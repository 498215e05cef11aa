// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/journal.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <iostream>

#include "support/control.hpp"
#include "support/folder.hpp"
#include "support/inventory.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::inventory;
using fairway::test::key;
using fairway::test::service_text;
namespace fs = std::filesystem;

namespace {

const Inventory file = inventory("services:\n" + service_text("scheduler: rr", {1, 2}));

Command addition(std::uint32_t number) {
  return AddService{{.name = "added", .key = key(number), .scheduler = "rr", .servers = {}}};
}

struct Fixture {
  test::Folder folder;
  std::string path = (folder.path / "journal").string();

  Journal::Opened open() {
    auto opened = Journal::open(path);
    REQUIRE(opened);
    return std::move(*opened);
  }
  std::string error_of_opening(const std::string& of) {
    const auto opened = Journal::open(of);
    return opened ? "" : opened.error().message;
  }
  std::unique_ptr<Journal> begin() {
    auto opened = open();
    CHECK(!opened.contents);
    CHECK(opened.remark.empty());
    REQUIRE(opened.journal->begin(file, file));
    return std::move(opened.journal);
  }
  std::string text() {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::size_t files() {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()));
  }
};

/// No file can grow beyond its size: like a full disk, it takes part of what is written and then no more.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what was committed is there at the next start, what was only noted is not") {
  auto journal = begin();
  for (std::uint32_t number = 2; number < 5; ++number) {
    journal->note(addition(number));
    REQUIRE(journal->commit());
  }
  journal->note(addition(9));
  journal.reset();
  const auto opened = open();
  REQUIRE(opened.contents);
  CHECK(opened.contents->file == file);
  CHECK(opened.contents->table.services.size() == 4);
  CHECK(opened.contents->table.services.back().key == key(4));
}

TEST_CASE_METHOD(Fixture, "a journal cut short by a crash loses what was cut, says so, and goes on") {
  auto journal = begin();
  journal->note(addition(2));
  journal->note(addition(3));
  REQUIRE(journal->commit());
  journal.reset();
  fs::resize_file(path, fs::file_size(path) - 3);
  auto opened = open();
  REQUIRE(opened.contents);
  CHECK(opened.contents->table.services.size() == 2);
  CHECK(opened.remark.find("was cut short") != std::string::npos);
  REQUIRE(opened.journal->begin(file, opened.contents->table));
  opened.journal->note(addition(4));
  REQUIRE(opened.journal->commit());
  opened.journal.reset();
  CHECK(open().contents->table.services.back().key == key(4));
}

TEST_CASE_METHOD(Fixture, "a damaged journal is kept aside, and another begun") {
  begin().reset();
  const std::string damaged = text().replace(3, 1, "x");
  std::ofstream(path) << damaged;
  auto opened = open();
  CHECK(!opened.contents);
  CHECK(opened.remark.find("line 1: its checksum is wrong; it is kept as " + path + ".damaged-") != std::string::npos);
  REQUIRE(opened.journal->begin({}, {}));
  REQUIRE(files() == 2);
  for (const auto& entry : fs::directory_iterator(folder.path)) {
    std::ifstream stream(entry.path());
    const std::string kept{std::istreambuf_iterator<char>(stream), {}};
    CHECK((entry.path() == path || kept == damaged));
  }
}

TEST_CASE_METHOD(Fixture, "a journal has one director, also when it was written anew") {
  auto journal = begin();
  CHECK(error_of_opening(path) == "journal " + path + ": another director has it");
  REQUIRE(journal->compact(file));
  CHECK(error_of_opening(path) == "journal " + path + ": another director has it");
  journal.reset();
  CHECK(error_of_opening(path).empty());
}

TEST_CASE_METHOD(Fixture, "where there can be no journal, that is said") {
  CHECK(error_of_opening((folder.path / "a/b/journal").string()).find("cannot make the directory") !=
        std::string::npos);
  CHECK(error_of_opening("/dev/null") == "journal /dev/null: it is no file");
  CHECK(error_of_opening(folder.path.string()) == "journal " + folder.path.string() + ": Is a directory");
  CHECK(error_of_opening((folder.path / "made/journal").string()).empty());
}

TEST_CASE_METHOD(Fixture, "a journal is written anew when it is twice as long as the table and more") {
  auto journal = begin();
  const auto first = text().size();
  int edits = 0;
  for (; !journal->wants_compaction(); ++edits) {
    journal->note(addition(2));
    journal->note(DeleteService{key(2)});
    REQUIRE(journal->commit());
  }
  CHECK(text().size() > 2 * first);
  CHECK(edits > 100);
  REQUIRE(journal->compact(file));
  CHECK(text().size() == first);
  CHECK(!journal->wants_compaction());
  journal->note(addition(3));
  REQUIRE(journal->commit());
  journal.reset();
  CHECK(files() == 1);
  CHECK(open().contents->table.services.back().key == key(3));
}

TEST_CASE_METHOD(Fixture, "another file comes with the table that was made of it, or not at all") {
  auto journal = begin();
  const Inventory next = inventory("services:\n" + service_text("scheduler: wrr", {7}, 3));
  REQUIRE(journal->prepare(next, next));
  CHECK(journal->read()->file == file);
  journal->abandon();
  CHECK(files() == 1);
  REQUIRE(journal->prepare(next, next));
  REQUIRE(journal->adopt());
  journal->note(addition(9));
  REQUIRE(journal->commit());
  const auto read = journal->read();
  REQUIRE(read);
  CHECK(read->file == next);
  CHECK(read->table.services.size() == 2);
}

TEST_CASE_METHOD(Fixture, "what a full disk does not take is said, is not there, and goes on when there is room") {
  auto journal = begin();
  const std::string before = text();
  {
    const FullDisk full(before.size() + 50);  // part of a line
    journal->note(addition(2));
    const auto committed = journal->commit();
    REQUIRE(!committed);
    CHECK(committed.error().message == "journal " + path + ": File too large");
    CHECK(text() == before);
    CHECK(journal->check().error().message == committed.error().message);
    REQUIRE(journal->tick());
    CHECK(!journal->check());  // there still is no room
  }
  REQUIRE(journal->tick());
  CHECK(journal->check());
  CHECK(text() == before);
  journal->note(addition(3));
  REQUIRE(journal->commit());
  journal.reset();
  const auto opened = open();
  CHECK(opened.remark.empty());
  REQUIRE(opened.contents);
  CHECK(opened.contents->table.services.back().key == key(3));
  CHECK(opened.contents->table.services.size() == 2);
}

TEST_CASE_METHOD(Fixture, "a journal that cannot be begun takes nothing until it can") {
  auto opened = open();
  {
    const FullDisk full(10);
    CHECK(!opened.journal->begin(file, file));
    CHECK(!opened.journal->check());
    int ticks = 0;
    for (; ticks < 1000 && !opened.journal->wants_compaction(); ++ticks) REQUIRE(opened.journal->tick());
    CHECK(ticks == 50);  // not at every tick: it may be long
    CHECK(!opened.journal->check());
    CHECK(!opened.journal->compact(file));
    CHECK(files() == 1);
  }
  REQUIRE(opened.journal->compact(file));
  CHECK(opened.journal->check());
  CHECK(opened.journal->read()->file == file);
}

TEST_CASE_METHOD(Fixture, "a journal of 100,000 objects is written anew and read whole") {
  Inventory many;
  for (std::uint32_t number = 1; number <= 10'000; ++number) {
    many.services.push_back({.name = "many", .key = key(number), .scheduler = "rr", .servers = {}});
    for (std::uint32_t server = 1; server < 10; ++server)
      many.services.back().servers.push_back(
          {.address = net::Ipv4Address(0xc0000200u + server), .port = test::port(80), .weight = server});
  }
  auto opened = open();
  const auto milliseconds_of = [](auto work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  };
  std::cout << "a journal of 10,000 services of 9 servers, written: "
            << milliseconds_of([&] { REQUIRE(opened.journal->begin({}, many)); })
            << " ms, read: " << milliseconds_of([&] { CHECK(opened.journal->read()->table == many); }) << " ms\n";
}
