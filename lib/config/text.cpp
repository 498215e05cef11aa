// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace fairway::config {
namespace {

struct Sequence {
  std::uint8_t first_low, first_high, second_low, second_high;
  std::size_t length;
};

/// RFC 3629, section 4: what a second byte may be depends on the first; all later ones are 80..BF.
constexpr std::array<Sequence, 9> sequences{{{0x00, 0x7f, 0x00, 0x00, 1},
                                             {0xc2, 0xdf, 0x80, 0xbf, 2},
                                             {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                             {0xe1, 0xec, 0x80, 0xbf, 3},
                                             {0xed, 0xed, 0x80, 0x9f, 3},
                                             {0xee, 0xef, 0x80, 0xbf, 3},
                                             {0xf0, 0xf0, 0x90, 0xbf, 4},
                                             {0xf1, 0xf3, 0x80, 0xbf, 4},
                                             {0xf4, 0xf4, 0x80, 0x8f, 4}}};

std::uint8_t byte_at(std::string_view text, std::size_t index) { return static_cast<std::uint8_t>(text[index]); }

/// Bytes of the UTF-8 sequence at the front of a text that is not empty; 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  for (const Sequence& sequence : sequences) {
    if (byte_at(text, 0) < sequence.first_low || byte_at(text, 0) > sequence.first_high) continue;
    if (text.size() < sequence.length) return 0;
    if (sequence.length > 1 && (byte_at(text, 1) < sequence.second_low || byte_at(text, 1) > sequence.second_high))
      return 0;
    for (std::size_t i = 2; i < sequence.length; ++i)
      if ((byte_at(text, i) & 0xc0) != 0x80) return 0;
    return sequence.length;
  }
  return 0;
}

std::string in_hex(char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<std::uint8_t>(c);
  return {'0', 'x', digits[byte >> 4], digits[byte & 15]};
}

/// What is wrong with the character at the front of the text, if anything.
std::optional<std::string> complaint(std::string_view text) {
  const char c = text.front();
  if (sequence_length(text) == 0) return "byte " + in_hex(c) + " is not UTF-8 text";
  const bool ends_line = c == '\n' || (c == '\r' && text.size() > 1 && text[1] == '\n');
  if ((static_cast<std::uint8_t>(c) < 0x20 && c != '\t' && !ends_line) || c == 0x7f)
    return "control character " + in_hex(c);
  return std::nullopt;
}

/// The place of a tab before what the line says. YAML forbids it, and what yaml-cpp makes of it differs from case to case.
std::optional<std::size_t> tab_in_indentation(std::string_view line) {
  const std::size_t content = line.find_first_not_of(" \t\r");
  if (content == std::string_view::npos || line[content] == '#') return std::nullopt;
  const std::size_t tab = line.find('\t');
  return tab < content ? std::optional(tab) : std::nullopt;
}

Problem problem_at(unsigned line, std::size_t index, std::string message) {
  return {line, static_cast<unsigned>(index + 1), std::move(message)};
}

}  // namespace

std::optional<Problem> check_text(std::string_view text) {
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, size);
    for (std::size_t i = 0; i < size; i += sequence_length(line.substr(i)))
      if (auto message = complaint(line.substr(i))) return problem_at(number, i, std::move(*message));
    if (const auto tab = tab_in_indentation(line.substr(0, line.find('\n'))))
      return problem_at(number, *tab, "a tab in the indentation: YAML takes spaces only");
    text.remove_prefix(size);
  }
  return std::nullopt;
}

}  // namespace fairway::config
