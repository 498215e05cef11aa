// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayctl/apply.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "control/json.hpp"
#include "fairwayctl/status.hpp"
#include "fairwayctl/words.hpp"

namespace fairway::ctl {
namespace {

constexpr std::size_t commands_in_request = 512;

struct Line {
  std::size_t number;
  control::Command command;
};

class Applier {
 public:
  Applier(Client& client, std::string name, bool keep_going)
      : client_(client), name_(std::move(name)), keep_going_(keep_going) {}

  int run(std::istream& text) {
    read(text);
    if (failed_ && !keep_going_) return refused;
    std::span<const Line> rest(lines_);
    while (!rest.empty()) {
      const auto batch = rest.first(std::min(rest.size(), commands_in_request));
      rest = rest.subspan(batch.size());
      if (const int status = send(batch); status != done) return status;
      if (failed_ && !keep_going_) return refused;
    }
    return failed_ ? refused : done;
  }

 private:
  void read(std::istream& text) {
    LineParser parser;
    std::string line;
    for (std::size_t number = 1; std::getline(text, line); ++number) {
      auto command = parser.parse(line);
      if (!command)
        blame(number, command.error().message);
      else if (*command)
        lines_.push_back({number, std::move(**command)});
    }
  }

  /// `done` if the director has looked at every command, whatever it thought of them.
  int send(std::span<const Line> batch) {
    nlohmann::json commands = nlohmann::json::array();
    for (const Line& line : batch) commands.push_back(control::to_json(line.command));
    const std::string target = keep_going_ ? "/v1/commands" : "/v1/commands?stop_at_error=true";
    const auto answer = client_.ask("POST", target, commands.dump());
    if (!answer) return complain(unreachable, answer.error().message);
    if (answer->status != 200) return complain(refused, error_of(*answer));
    const auto results = nlohmann::json::parse(answer->body).at("results");
    for (std::size_t i = 0; i < std::min(results.size(), batch.size()); ++i)
      if (results[i].contains("error")) blame(batch[i].number, results[i].at("error"));
    return done;
  }

  void blame(std::size_t number, const std::string& message) {
    std::cerr << name_ << ":" << number << ": " << message << "\n";
    failed_ = true;
  }

  Client& client_;
  std::string name_;
  bool keep_going_;
  std::vector<Line> lines_;
  bool failed_ = false;
};

}  // namespace

int apply(Client& client, const std::string& file, bool keep_going) {
  if (file == "-") return Applier(client, "standard input", keep_going).run(std::cin);
  std::ifstream text(file);
  if (!text) return complain(misused, "cannot read " + file);
  return Applier(client, file, keep_going).run(text);
}

}  // namespace fairway::ctl
