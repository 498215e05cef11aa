// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/rules.hpp"

#include <catch2/catch.hpp>

#include "lines.hpp"

using namespace fairway::config;

namespace {

/// Of a file that a director is to read which runs on another.
Lines problems_after(std::string_view before, std::string_view after) {
  const auto running = load_text(before, is_scheduler).configuration;
  REQUIRE(running);
  return lines_of(load_text(after, is_scheduler, &*running).problems);
}

Lines restart(const std::string& place, const std::string& key) {
  return {"f.yaml:" + place + ": " + key + ": it cannot be changed while the director runs, a restart is needed"};
}

const std::string file =
    "director: {workers: \"0-1\", connections: 5000, ipvs_socket: /run/x.sock}\n"
    "ports:\n"
    "  - {name: a, device: net_null0, addresses: [192.168.4.5/24, 192.168.4.15/32], neighbours: {192.168.4.9: "
    "\"02:00:00:00:00:fe\"}}\n"
    "  - {name: b, device: net_null1, queues: 2}\n";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = file;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a file that says the same of director and ports, in whatever words, needs no restart") {
  CHECK(problems_after(file, file).empty());
  CHECK(problems_after(file, file + "settings: {tcp_timeout: 5}\nmarks: [{mark: 7}]\n").empty());
  CHECK(problems_after(file, changed("5000", "5000, idle: wait, hugepages: auto")).empty());
  CHECK(problems_after("ports: [{name: a, device: net_null0}]",
                       "director:\nports: [{name: a, device: net_null0, mtu: 1500}]")
            .empty());
}

TEST_CASE("addresses of a port with a twin may come and go") {
  const std::string with_twin = changed("device: net_null0", "device: net_null0, kernel_interface: fw0");
  std::string after = with_twin;
  after.replace(after.find("192.168.4.15/32"), 15, "192.168.4.16/32");
  CHECK(problems_after(with_twin, after).empty());
  after.replace(after.find("00:fe"), 5, "00:ff");
  CHECK(problems_after(with_twin, after) == restart("3:115", "neighbours"));
}

TEST_CASE("each key of director and ports that is another needs a restart, at its place") {
  CHECK(problems_after(file, changed("\"0-1\"", "2")) == restart("1:21", "workers"));
  CHECK(problems_after(file, changed("\"0-1\"", "\"0,2\"")) == restart("1:21", "workers"));
  CHECK(problems_after(file, changed("5000", "5001")) == restart("1:41", "connections"));
  CHECK(problems_after(file, changed("5000", "5000, idle: spin")) == restart("1:53", "idle"));
  CHECK(problems_after(file, changed("connections: 5000, ", "")) == restart("1:11", "connections"));
  CHECK(problems_after(file, changed("192.168.4.15/32", "192.168.4.16/32")) == restart("3:45", "addresses"));
  CHECK(problems_after(file, changed("00:fe", "00:ff")) == restart("3:92", "neighbours"));
  CHECK(problems_after(file, changed("name: b", "name: c")) == restart("4:12", "name"));
}

TEST_CASE("a key that is left out, and has no default, is seen as well, and so is a port") {
  CHECK(
      problems_after(file, changed(", ipvs_socket: /run/x.sock", "")) ==
      Lines{
          "f.yaml:1:11: this director leaves out a key that it had; that cannot be changed while the director runs, a "
          "restart is needed"});
  CHECK(problems_after(file, changed(", queues: 2", "")) ==
        Lines{"f.yaml:4:5: this port leaves out a key that it had; that cannot be changed while the director runs, a "
              "restart "
              "is needed"});
  CHECK(problems_after(file, file.substr(0, file.find("  - {name: b"))) ==
        Lines{"f.yaml:3:5: ports: their number cannot be changed while the director runs, a restart is needed"});
}

TEST_CASE("of what cannot be read nothing more is said") {
  CHECK(problems_after(file, changed("5000", "many")).size() == 1);
}
