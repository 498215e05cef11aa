// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/command_batch.hpp"

#include <nlohmann/json.hpp>

#include "control/json.hpp"

namespace fairway::control::http {
namespace {

constexpr std::size_t slice = 256;              // commands
constexpr std::size_t most_commands = 100'000;  // in one request; their text may be much shorter than they are
constexpr int deepest = 8;                      // no command is nested as deeply

/// nlohmann's message without its own name and position, which counts from the element's begin.
std::string reason(const nlohmann::json::parse_error& error) {
  const std::string text = error.what();
  const auto colon = text.find(": ");
  return colon == std::string::npos ? text : text.substr(colon + 2);
}

}  // namespace

void CommandReader::blame(std::size_t byte, const std::string& what) {
  malformed_ = "not a JSON array of commands: at byte " + std::to_string(byte + 1) + ": " + what;
}

void CommandReader::skip_space() {
  const auto next = text_.find_first_not_of(" \t\r\n", at_);
  at_ = next == std::string::npos ? text_.size() : next;
}

bool CommandReader::take(char wanted) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != wanted) return false;
  ++at_;
  return true;
}

/// Past its last brace. Brackets that do not match are left to the parser.
std::size_t CommandReader::element_end() {
  int depth = 0;
  bool is_in_string = false;
  for (std::size_t i = at_; i < text_.size(); ++i) {
    const char c = text_[i];
    if (is_in_string) {
      if (c == '\\') ++i;
      if (c == '"') is_in_string = false;
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > deepest) {
        blame(i, "nested too deeply");
        return std::string::npos;
      }
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  blame(at_, "this element does not end");
  return std::string::npos;
}

/// Goes to the begin of the next element. False if there is none.
bool CommandReader::find_element() {
  if (!malformed_.empty()) return false;
  if (!began_ && !take('[')) {
    blame(at_, "'[' expected");
    return false;
  }
  if (take(']')) {
    skip_space();
    if (at_ != text_.size()) blame(at_, "nothing may follow the array");
    return false;
  }
  if (began_ && !take(',')) {
    blame(at_, "',' or ']' expected");
    return false;
  }
  began_ = true;
  skip_space();
  if (at_ != text_.size() && text_[at_] == '{') return true;
  blame(at_, "'{' expected");
  return false;
}

std::optional<base::Result<Command>> CommandReader::next() {
  if (!find_element()) return std::nullopt;
  const std::size_t begin = at_, end = element_end();
  if (end == std::string::npos) return std::nullopt;
  at_ = end;
  try {
    return command_from_json(nlohmann::json::parse(text_.begin() + static_cast<std::ptrdiff_t>(begin),
                                                   text_.begin() + static_cast<std::ptrdiff_t>(end)));
  } catch (const nlohmann::json::parse_error& error) {
    blame(begin + error.byte - 1, reason(error));
    return std::nullopt;
  }
}

CommandBatch::CommandBatch(Director& director, std::string text, bool stop_at_error)
    : director_(director), reader_(std::move(text)), stop_at_error_(stop_at_error) {}

Job::Progress CommandBatch::advance() { return is_decoded_ ? carry_out() : decode(); }

Job::Progress CommandBatch::decode() {
  for (std::size_t i = 0; i < slice; ++i) {
    auto command = reader_.next();
    if (!command) {
      is_decoded_ = true;
      return reader_.malformed().empty() ? Progress::more : refuse(400, reader_.malformed());
    }
    if (commands_.size() == most_commands)
      return refuse(413, "more than " + std::to_string(most_commands) + " commands in one request");
    commands_.push_back(std::move(*command));
  }
  return Progress::more;
}

Job::Progress CommandBatch::refuse(unsigned status, const std::string& message) {
  reply = {.status = status, .body = error_body(message)};
  return Progress::done;
}

Job::Progress CommandBatch::carry_out() {
  std::vector<base::Result<void>> results;
  bool goes_on = done_ < commands_.size();
  while (goes_on && results.size() < slice) {
    const auto& command = commands_[done_++];
    results.push_back(command ? director_.apply(*command) : base::Result<void>(command.error()));
    goes_on = done_ < commands_.size() && (results.back() || !stop_at_error_);
  }
  if (const auto committed = director_.commit(); !committed) {
    for (auto& result : results)
      if (result) result = committed.error();
    goes_on = goes_on && !stop_at_error_;
  }
  add(results);
  if (goes_on) return Progress::more;
  reply.body = "{\"results\":[" + results_ + "]}";
  return Progress::done;
}

void CommandBatch::add(const std::vector<base::Result<void>>& results) {
  for (const auto& result : results) {
    if (!results_.empty()) results_ += ',';
    results_ += result ? "{\"ok\":true}" : error_body(result.error().message);
  }
}

}  // namespace fairway::control::http
