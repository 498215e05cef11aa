// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/text.hpp"

#include <catch2/catch.hpp>

using namespace fairway::config;
using namespace std::string_literals;

namespace {

/// "" if the text is fit.
std::string complaint(const std::string& text) {
  const auto problem = check_text(text);
  return problem ? to_string("f", *problem) : "";
}

}  // namespace

TEST_CASE("text of one, two, three and four bytes a character is taken") {
  CHECK(complaint("") == "");
  CHECK(complaint("a: b\n") == "");
  CHECK(complaint(
            "\xef\xbb\xbf# byte order mark, \xc3\xa9 \xe2\x82\xac \xed\x9f\xbf \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf") ==
        "");
}

TEST_CASE("lines may end in CRLF, but not in CR") {
  CHECK(complaint("a: 1\r\nb: 2\r\n") == "");
  CHECK(complaint("a: 1\rb: 2\r") == "f:1:5: control character 0x0d");
  CHECK(complaint("a: 1\nb: 2\r") == "f:2:5: control character 0x0d");
}

TEST_CASE("control characters are refused, the one that yaml-cpp takes for the end among them") {
  CHECK(complaint("a: 1\n b\x04") == "f:2:3: control character 0x04");
  CHECK(complaint("\0"s) == "f:1:1: control character 0x00");
  CHECK(complaint("# \x1b[31m") == "f:1:3: control character 0x1b");
  CHECK(complaint("\x7f") == "f:1:1: control character 0x7f");
}

TEST_CASE("what is not UTF-8 is refused") {
  CHECK(complaint("a: \xff") == "f:1:4: byte 0xff is not UTF-8 text");
  CHECK(complaint("\xff\xfe"
                  "a\0"s) == "f:1:1: byte 0xff is not UTF-8 text");  // UTF-16
  CHECK(complaint("\x80") == "f:1:1: byte 0x80 is not UTF-8 text");
  CHECK(complaint("\xc3") == "f:1:1: byte 0xc3 is not UTF-8 text");  // cut off
  CHECK(complaint("\xc3\n") == "f:1:1: byte 0xc3 is not UTF-8 text");
  CHECK(complaint("\xe2\x82 ") == "f:1:1: byte 0xe2 is not UTF-8 text");
  CHECK(complaint("\xc0\xaf") == "f:1:1: byte 0xc0 is not UTF-8 text");          // '/' in two bytes
  CHECK(complaint("\xe0\x9f\xbf") == "f:1:1: byte 0xe0 is not UTF-8 text");      // likewise, in three
  CHECK(complaint("\xed\xa0\x80") == "f:1:1: byte 0xed is not UTF-8 text");      // a surrogate
  CHECK(complaint("\xf4\x90\x80\x80") == "f:1:1: byte 0xf4 is not UTF-8 text");  // beyond U+10FFFF
}

TEST_CASE("a tab may stand anywhere but in the indentation of what is said") {
  CHECK(complaint("a:\t1\t# x\n\t\n \t# c\n\t\r\nb: 2\n") == "");
  CHECK(complaint("a:\n\tb: 1\n") == "f:2:1: a tab in the indentation: YAML takes spaces only");
  CHECK(complaint("a:\n  \tb: 1\n") == "f:2:3: a tab in the indentation: YAML takes spaces only");
}
