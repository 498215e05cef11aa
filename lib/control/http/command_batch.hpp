// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/director.hpp"
#include "control/job.hpp"

namespace fairway::control::http {

/// Reads a JSON array of commands element by element, so that a long one need not be decoded in one go.
class CommandReader {
 public:
  explicit CommandReader(std::string text) : text_(std::move(text)) {}

  /// The next element: a command, or why it is none. Nothing behind the last one, or where the text is not JSON.
  std::optional<base::Result<Command>> next();
  /// What is wrong with the text and at which byte, counted from 1; empty if nothing is, so far.
  const std::string& malformed() const { return malformed_; }

 private:
  bool find_element();
  bool take(char wanted);
  void skip_space();
  std::size_t element_end();
  void blame(std::size_t byte, const std::string& what);

  std::string text_;
  std::size_t at_ = 0;
  bool began_ = false;
  std::string malformed_;
};

/// Carries out a JSON array of commands in order: {"results": [{"ok": true} or {"error": ...}, ...]}. The whole text is
/// decoded before anything is carried out, so text that is not JSON changes nothing.
class CommandBatch : public Job {
 public:
  /// `stop_at_error`: what follows the first refused command is not carried out, and has no result.
  CommandBatch(Director& director, std::string text, bool stop_at_error);

  Progress advance() override;

 private:
  Progress decode();
  Progress refuse(unsigned status, const std::string& message);
  Progress carry_out();
  void add(const std::vector<base::Result<void>>& results);

  Director& director_;
  CommandReader reader_;
  bool stop_at_error_;
  bool is_decoded_ = false;
  std::vector<base::Result<Command>> commands_;
  std::size_t done_ = 0;
  std::string results_;
};

}  // namespace fairway::control::http
