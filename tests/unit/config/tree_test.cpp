// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/tree.hpp"

#include <catch2/catch.hpp>

#include "unit/config/lines.hpp"

using namespace fairway::config;

namespace {

Lines tree_problems(const std::string& text) {
  Problems problems;
  const auto tree = read_tree(text, problems);
  CHECK(problems.empty() == (tree && tree->root != nullptr));
  return lines_of(std::move(problems).sorted());
}

/// Problems after which there still is a tree.
Lines mild_problems(const std::string& text) {
  Problems problems;
  CHECK(read_tree(text, problems));
  return lines_of(std::move(problems).sorted());
}

}  // namespace

TEST_CASE("a tree knows where its keys and values stand, from 1 on") {
  Problems problems;
  const auto tree = read_tree(
      "\xef\xbb\xbf"
      "a: 1\r\nb:\r\n  - x: \"y\"\r\n    z:\r\n",
      problems);
  REQUIRE(tree);
  REQUIRE(problems.empty());
  const Node& root = *tree->root;
  CHECK(root.mark == Mark{1, 1});
  CHECK(root.find("a")->value->text == "1");
  CHECK(root.find("a")->value->mark == Mark{1, 4});
  const Node& item = *root.find("b")->value->items.at(0);
  CHECK(item.find("x")->mark == Mark{3, 5});
  CHECK(item.find("x")->value->mark == Mark{3, 8});
  CHECK(item.find("z")->value->kind == Node::Kind::null);
  CHECK(item.find("z")->value->mark == Mark{4, 5});  // its key's
  CHECK(root.find("c") == nullptr);
}

TEST_CASE("a key that stands twice is a problem, and so is every further one") {
  CHECK(mild_problems("a: 1\nb: 2\na: 3\n\"a\": 4\n") == Lines{"f.yaml:3:1: the key 'a' stands twice in this mapping",
                                                               "f.yaml:4:1: the key 'a' stands twice in this mapping"});
  CHECK(mild_problems("x: {a: 1, a: [2]}\ny: {a: 1}\n") ==
        Lines{"f.yaml:1:11: the key 'a' stands twice in this mapping"});
}

TEST_CASE("an alias is what its anchor names") {
  Problems problems;
  const auto tree = read_tree("a: &x {b: 1}\nc: *x\n", problems);
  REQUIRE(tree);
  CHECK(tree->root->find("c")->value == tree->root->find("a")->value);
}

TEST_CASE("merge keys and tags are problems") {
  CHECK(mild_problems("a: &x {b: 1}\nc:\n  <<: *x\n") ==
        Lines{"f.yaml:3:3: merge keys ('<<') are not understood here; write the keys out"});
  CHECK(mild_problems("a: !!int \"1\"\nb: !x [1]\nc: ! 1\n") ==
        Lines{"f.yaml:1:4: the tag 'tag:yaml.org,2002:int' is not understood here; write the plain value",
              "f.yaml:2:4: the tag '!x' is not understood here; write the plain value"});
}

TEST_CASE("what is no YAML is a problem at its place") {
  CHECK(tree_problems("a: 1\nb: c: d\n") == Lines{"f.yaml:2:5: not YAML: illegal map value"});
  CHECK(tree_problems("a: *x\n") == Lines{"f.yaml:1:4: not YAML: the referenced anchor is not defined"});
  CHECK(tree_problems("a: [1, 2\n") == Lines{"f.yaml:2:1: not YAML: end of sequence flow not found"});
  CHECK(tree_problems("a: {b: 1") == Lines{"f.yaml:1:9: not YAML: end of map flow not found"});
  CHECK(tree_problems("a: 1\n}\n") == Lines{"f.yaml:2:1: not YAML: illegal flow end"});
  CHECK(tree_problems("@\n") == Lines{"f.yaml:1:1: not YAML: unknown token"});
}

TEST_CASE("a quote that is left open is a problem, which yaml-cpp does not find") {
  CHECK(tree_problems("a: \"x\nb: 1\n") == Lines{"f.yaml:3:1: not YAML: illegal document indicator in scalar"});
  CHECK(tree_problems("a: 'x") == Lines{"f.yaml:1:6: not YAML: illegal document indicator in scalar"});
}

TEST_CASE("a file is one document") {
  CHECK(mild_problems("---\na: 1\n...\n").empty());
  CHECK(tree_problems("a: 1\n---\nb: 1\n") ==
        Lines{"f.yaml:2:1: a second document begins here; a configuration is one"});
  CHECK(tree_problems("- a\nb: 1\n") == Lines{"f.yaml:2:1: a second document begins here; a configuration is one"});
}

TEST_CASE("keys are plain words") {
  CHECK(tree_problems("? [a, b]\n: c\n") == Lines{"f.yaml:1:3: a key must be a plain word"});
  CHECK(tree_problems("a:\n  ? {b: 1}\n  : c\n") == Lines{"f.yaml:2:5: a key must be a plain word"});
  CHECK(tree_problems("a: &x [1]\n*x : 1\n") == Lines{"f.yaml:2:1: a key must be a plain word"});
  CHECK(tree_problems("a: 1\n: 2\n") == Lines{"f.yaml:2:1: a key is missing before this ':'"});
}

TEST_CASE("collections within collections end somewhere") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(tree_problems(nested(16)).empty());
  CHECK(tree_problems(nested(17)) == Lines{"f.yaml:1:17: nested too deeply"});
  CHECK(tree_problems(std::string(1'000'000, '[')).size() == 1);
  CHECK(tree_problems(std::string(100'000, '{')).size() == 1);
  std::string blocks;
  for (int i = 0; i < 100'000; ++i) blocks += "- ";
  CHECK(tree_problems(blocks).size() == 1);
}

TEST_CASE("an alias cannot stand within what it stands for") {
  CHECK(tree_problems("a: &x [1, *x]\n") == Lines{"f.yaml:1:11: this alias stands within what it stands for"});
  CHECK(tree_problems("a: &x {b: {c: *x}}\n") == Lines{"f.yaml:1:15: this alias stands within what it stands for"});
}

TEST_CASE("aliases of aliases cannot make much of little") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1), name = "a" + std::to_string(i);
    bomb += name + ": &" + name + " [" + before;
    for (int j = 1; j < 10; ++j) bomb += ", " + before;
    bomb += "]\n";
  }
  CHECK(tree_problems(bomb) == Lines{"f.yaml:6:45: the aliases up to here stand for more than 1000000 values"});
}
