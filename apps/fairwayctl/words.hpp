// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "control/command.hpp"

namespace fairway::ctl {

/// The words of one command, as they stand on the command line or in a line of a file.
struct Words {
  std::string protocol, service, server;
  std::optional<std::string> name, scheduler, scheduler_flags, forwarding, persistence_netmask;
  std::optional<std::uint32_t> weight, persistence, upper_threshold, lower_threshold, last_weight;
  std::optional<bool> one_packet;
  std::uint32_t mark = 0;
  bool exact = false;
  std::optional<std::string> rule_protocol, source, destination, source_ports, destination_ports;
  std::optional<std::uint32_t> position;
  std::vector<std::string> settings;  // "name=value"
};

/// The subcommands `service` and `server`, each with add, edit and delete, `mark` with add and delete, `settings` with
/// edit, and `zero`, which fill in words.
class CommandWords {
 public:
  /// Puts the subcommands into `app`, which must outlive this.
  explicit CommandWords(CLI::App& app);

  /// After `app` has parsed one of the subcommands.
  control::Command command() const;
  /// Before `app` parses again.
  void forget() { words_ = {}; }

 private:
  CLI::App* add_verb(CLI::App& object, const char* verb, const char* description);
  void add_service(CLI::App& app);
  void add_server(CLI::App& app);
  void add_mark(CLI::App& app);
  void add_settings(CLI::App& app);
  void add_zero(CLI::App& app);

  Words words_;
  CLI::App *add_service_ = nullptr, *edit_service_ = nullptr, *delete_service_ = nullptr;
  CLI::App *add_server_ = nullptr, *edit_server_ = nullptr, *delete_server_ = nullptr;
  CLI::App *add_mark_ = nullptr, *delete_mark_ = nullptr, *edit_settings_ = nullptr, *zero_ = nullptr;
};

/// Parses one line of commands after another.
class LineParser {
 public:
  LineParser();

  /// The command of a line; nothing for an empty one or a comment.
  base::Result<std::optional<control::Command>> parse(const std::string& line);

 private:
  CLI::App app_;
  CommandWords words_;
};

}  // namespace fairway::ctl
