// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"

namespace fairway::config {

struct Node;

struct Member {
  std::string key;
  Mark mark;  // of the key
  const Node* value = nullptr;
};

/// A value of the file and where it stands. An alias is the very node that its anchor names, so what is reached through
/// several aliases is a graph without cycles rather than a tree.
struct Node {
  enum class Kind : std::uint8_t { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  Mark mark;                       // of a null value: its key
  std::uint64_t size = 1;          // values in it, itself included, aliases counted as what they stand for
  std::string text;                // scalar
  std::vector<const Node*> items;  // sequence
  std::vector<Member> members;     // mapping: each key once, in the file's order

  const Member* find(std::string_view key) const;
};

/// Owns the nodes.
struct Tree {
  std::deque<Node> nodes;
  const Node* root = nullptr;  // null: the file holds nothing
};

/// Parses text that check_text() has passed. Duplicate keys, merge keys and tags are problems, and left out of the tree;
/// text that is not YAML or not one document, values nested too deeply and aliases that multiply without bound are problems
/// after which there is no tree.
std::optional<Tree> read_tree(std::string_view text, Problems& problems);

}  // namespace fairway::config
