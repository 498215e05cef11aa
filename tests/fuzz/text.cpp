// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

// libFuzzer's target: the texts that the director reads: its YAML file, JSON commands and what else comes over the control
// socket, addresses. tools/fuzz builds and runs it.
#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "config/load.hpp"
#include "control/http/api.hpp"
#include "control/json.hpp"
#include "require.hpp"
#include "sched/registry.hpp"
#include "support/control.hpp"

using namespace fairway;
using fuzz::require;

namespace {

void read_configuration(std::string_view text) {
  const config::Loaded loaded = config::load_text(text, sched::is_known);
  require(loaded.configuration.has_value() == loaded.problems.empty(),
          "there is a configuration, or what is wrong with it");
  require(loaded.configuration || loaded.warnings.empty(), "warnings are of a configuration");
  for (const auto* problems : {&loaded.problems, &loaded.warnings})
    for (const config::Problem& problem : *problems)
      require(problem.line > 0 && problem.column > 0 && !problem.message.empty(), "a problem has a place and is named");
}

/// A command that was understood means the same when it is said again.
void read_command(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return;
  const auto command = control::command_from_json(json);
  if (!command) return require(!command.error().message.empty(), "what is wrong with a command is said");
  const auto said = control::to_json(*command);
  const auto again = control::command_from_json(said);
  require(again && control::to_json(*again) == said, "a command is what it says");
}

/// The first line is the method and the target, the rest the body.
void ask(std::string_view text) {
  test::ControlFixture director;
  control::http::Api api(director.director, director.crew,
                         {.worker_cpus = {0, 1},
                          .ports = [] { return std::vector<control::http::PortReport>(); },
                          .neighbours = [] { return std::vector<control::http::NeighbourReport>(); }});
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::string_view target = line.substr(std::min(line.size(), line.find(' ') + 1));
  const auto job = api.begin({.method = std::string(line.substr(0, line.find(' '))),
                              .target = std::string(target),
                              .body = std::string(text.substr(std::min(text.size(), line.size() + 1)))});
  require(job != nullptr, "a request has an answer");
  auto progress = control::Job::Progress::more;
  for (int slices = 0; progress != control::Job::Progress::done; ++slices) {
    if (progress == control::Job::Progress::wait && slices > 10) return;  // for workers, of which there are none
    require(slices < 10'000, "an answer ends");
    progress = job->advance();
    director.drain();
  }
  require(job->reply.status >= 200 && job->reply.status < 600, "a reply has a status of HTTP");
  const auto body = nlohmann::json::parse(job->reply.body, nullptr, false);
  require(!body.is_discarded(), "a reply is JSON");
  require(job->reply.status < 400 || body.contains("error"), "a reply that refuses says why");
}

/// What is read is written, and read as the same.
template <class Parse>
void read_again(std::string_view text, Parse parse) {
  const auto value = parse(text);
  if (value) require(parse(net::to_string(*value)) == value, "an address is what it is written as");
}

void read_addresses(std::string_view text) {
  read_again(text, net::parse_address);
  read_again(text, net::parse_prefix);
  read_again(text, net::parse_mac);
  const auto prefix = net::parse_prefix(text);
  if (prefix) require(prefix->contains(prefix->address), "a network holds its own address");
  const auto address = net::parse_address(text);
  if (!address) return;
  const int kinds = net::is_multicast(*address) + net::is_loopback(*address) + net::is_broadcast(*address) +
                    net::is_unspecified(*address);
  require(kinds <= 1, "an address is of one kind");
  require(!net::to_string(*address, net::ServicePort(std::uint16_t{80})).empty(), "an endpoint can be written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: read_configuration(text); break;
    case 1: read_command(text); break;
    case 2: ask(text); break;
    default: read_addresses(text);
  }
  return 0;
}
