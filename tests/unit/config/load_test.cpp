// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/load.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "unit/config/lines.hpp"

using namespace fairway;
using namespace fairway::config;
using namespace std::string_view_literals;

namespace {

const std::filesystem::path sources = FAIRWAY_SOURCES;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A file that is gone when the test is.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text)
      : path_(std::filesystem::temp_directory_path() / ("fairway-load-test-" + std::to_string(getpid()) + ".yaml")) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// Either a configuration or problems, with places that can be in the text.
void check_sound(const Loaded& loaded, std::string_view text) {
  REQUIRE(loaded.configuration.has_value() == loaded.problems.empty());
  const auto lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n') + 1);
  for (const Problem& problem : loaded.problems) {
    REQUIRE(problem.line >= 1);
    REQUIRE(problem.line <= lines);
    REQUIRE(problem.column >= 1);
    REQUIRE(problem.column <= text.size() + 1);
    REQUIRE_FALSE(problem.message.empty());
  }
}

}  // namespace

TEST_CASE("a file that cannot be read is a problem at 1:1") {
  const auto problems = [](const std::string& path) { return lines_of(load(path, is_scheduler).problems); };
  CHECK(problems("/nonexistent/fairway.yaml") ==
        Lines{"f.yaml:1:1: the file cannot be read: No such file or directory"});
  CHECK(problems("/") == Lines{"f.yaml:1:1: the file cannot be read: Is a directory"});
  CHECK(problems("/dev/zero") == Lines{"f.yaml:1:1: the file is larger than 64 MiB"});
  CHECK(problems("/dev/null") == Lines{"f.yaml:1:1: the file is empty"});
}

TEST_CASE("a file that holds no mapping is a problem at 1:1") {
  for (const char* text : {"", "\n\n", "# nothing\n", "---\n", "~\n", "\xef\xbb\xbf", "--- # x\n...\n"})
    CHECK(problems_of(text) == Lines{"f.yaml:1:1: the file is empty"});
  for (const char* text : {"fairway\n", "- a\n- b\n", "\n\n[]", "5"})
    CHECK(problems_of(text) == Lines{"f.yaml:1:1: the file is no mapping of keys to values"});
}

TEST_CASE("text that is not fit to be parsed is one problem") {
  CHECK(problems_of("ports: [{name: a, device: net_null0}]\nx: \x04\n") == Lines{"f.yaml:2:4: control character 0x04"});
  CHECK(problems_of("ports:\n\t- name: a\n") == Lines{"f.yaml:2:1: a tab in the indentation: YAML takes spaces only"});
}

TEST_CASE("all problems of a file are named at once, by position") {
  CHECK(problems_of("director:\n"
                    "  workers: 0\n"
                    "  idel: spin\n"
                    "  idle: wait\n"
                    "  idle: spin\n"
                    "ports:\n"
                    "  - name: outside\n"
                    "    device: 0000:03:00.0\n"
                    "    addresses: [192.168.4.5/33]\n"
                    "    mtu: 0\n"
                    "services:\n"
                    "  - address: 192.168.4.15\n"
                    "    port: 80\n"
                    "    forwarding: dr\n"
                    "    servers:\n"
                    "      - {address: 192.168.2.100, port: 8080, weight: 2147483648}\n"
                    "      - {address: 192.168.2.100, port: 8080}\n"
                    "surplus: 1\n") ==
        Lines{"f.yaml:2:12: workers: 0 is out of range 1..127", "f.yaml:3:3: unknown key 'idel' (did you mean 'idle'?)",
              "f.yaml:5:3: the key 'idle' stands twice in this mapping",
              "f.yaml:9:17: addresses: '192.168.4.5/33' has a prefix length out of range 1..32",
              "f.yaml:10:10: mtu: 0 is out of range 68..9978",
              "f.yaml:16:40: port: a dr server has its service's port 80, not 8080",
              "f.yaml:16:54: weight: 2147483648 is out of range 0..2147483647",
              "f.yaml:17:19: address: server 192.168.2.100:8080 stands twice in this service",
              "f.yaml:17:40: port: a dr server has its service's port 80, not 8080",
              "f.yaml:18:1: unknown key 'surplus'; a file has director, settings, ports, marks, services"});
}

TEST_CASE("what an alias repeats is one problem") {
  CHECK(problems_below_port("services:\n"
                            "  - {address: 192.168.4.15, port: 80, servers: &s [{address: 10.0.0.1, weight: x}]}\n"
                            "  - {address: 192.168.4.15, port: 81, servers: *s}\n") ==
        Lines{"f.yaml:3:80: weight: 'x' is not a whole number"});
}

TEST_CASE("a file is read into one value, from disk as from memory") {
  const std::string text =
      "ports: [{name: a, device: net_null0}]\n"
      "services:\n"
      "  - address: 192.168.4.15\n"
      "    port: 80\n"
      "    servers: [{address: 10.0.0.2, weight: 3}, {address: 10.0.0.1, port: 81, forwarding: nat}]\n";
  const TemporaryFile file(text);
  const Loaded loaded = load(file.path(), is_scheduler);
  REQUIRE(lines_of(loaded.problems) == Lines{});
  REQUIRE(loaded.configuration);
  REQUIRE(loaded.configuration->services.size() == 1);
  const service::ServiceSpec& service = loaded.configuration->services[0];
  CHECK(service::to_string(service.key) == "tcp 192.168.4.15:80");
  REQUIRE(service.servers.size() == 2);
  CHECK(net::to_string(service.servers[0].address, service.servers[0].port) == "10.0.0.2:80");  // the file's order
  CHECK(service.servers[0].weight == 3);
  CHECK(net::to_string(service.servers[1].address, service.servers[1].port) == "10.0.0.1:81");
  CHECK(loaded.warnings == load_text(text, is_scheduler).warnings);
}

TEST_CASE("the file in conf/ and every example are taken as they are") {
  std::vector<std::filesystem::path> files{sources / "conf/fairway.yaml"};
  for (const auto& entry : std::filesystem::directory_iterator(sources / "conf/examples"))
    files.push_back(entry.path());
  CHECK(files.size() >= 5);
  for (const auto& file : files) {
    INFO(file);
    const Loaded loaded = load(file.string(), is_scheduler);
    CHECK(lines_of(loaded.problems) == Lines{});
    CHECK(lines_of(loaded.warnings) == Lines{});
    REQUIRE(loaded.configuration);
    CHECK_FALSE(loaded.configuration->services.empty());
  }
}

TEST_CASE("a file that was cut off anywhere is refused or sound, never a crash") {
  const std::string text = text_of(sources / "conf/fairway.yaml");
  REQUIRE(text.size() > 1000);
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string part = text.substr(0, size);
    const Loaded loaded = load_text(part, is_scheduler);
    check_sound(loaded, part);
    // It does not end within its services, so the ports at least were not complete.
    if (size < text.find("ports:")) REQUIRE_FALSE(loaded.configuration);
  }
}

TEST_CASE("a file with any of its bytes changed is refused or sound, never a crash") {
  const std::string text = text_of(sources / "conf/examples/nat.yaml");
  constexpr std::string_view bytes = "\0\t\n\r !\"#%&'*,-0:<>?@[]`{|}~\x80\xff"sv;
  std::mt19937 random(1);
  for (unsigned round = 0; round < 4000; ++round) {
    std::string changed = text;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes)
      changed[random() % changed.size()] = bytes[random() % bytes.size()];
    check_sound(load_text(changed, is_scheduler), changed);
  }
}

TEST_CASE("garbage is refused, never a crash") {
  const std::string_view alphabet(" \n  -:,[]{}&*!|>'\"%@`?#~<ab1\t.");
  std::mt19937 random(2);
  for (unsigned round = 0; round < 5000; ++round) {
    std::string garbage(random() % 200, ' ');
    for (char& c : garbage) c = alphabet[random() % alphabet.size()];
    const Loaded loaded = load_text(garbage, is_scheduler);
    check_sound(loaded, garbage);
    REQUIRE_FALSE(loaded.configuration);
  }
  std::string binary(1 << 20, '\0');
  for (char& c : binary) c = static_cast<char>(random());
  CHECK(problems_of(binary).size() == 1);
}
