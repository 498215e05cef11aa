// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/decode.hpp"
#include "config/draft.hpp"
#include "config/keys.hpp"

namespace fairway::config {

/// "unknown key 'sheduler' (did you mean 'scheduler'?)", or which keys a `noun` has where none is near.
std::string unknown_key(std::string_view key, std::string_view noun, const std::vector<std::string_view>& known);

template <class T>
std::vector<std::string_view> names_of(std::span<const Key<T>> keys) {
  std::vector<std::string_view> names;
  for (const Key<T>& key : keys) names.push_back(key.info.name);
  return names;
}

template <class T>
void read_value(const Key<T>& key, const Node& node, Placed<T>& placed, Problems& problems) {
  Field field{.key = key.info, .node = node, .problems = problems};
  key.read(field, placed.value);
  if (!field.is_read) placed.unread.push_back(key.info.name);
}

/// Reads what a mapping says by the table of its keys, and the defaults of those that it does not have. A null node stands
/// for an empty mapping. Keys are read in the table's order, not the file's.
template <class T>
void read_mapping(const Node& node, std::span<const Key<T>> keys, std::string_view noun, Placed<T>& placed,
                  Problems& problems) {
  placed.node = &node;
  const auto known = names_of(keys);
  for (const Member& member : node.members)
    if (std::find(known.begin(), known.end(), member.key) == known.end())
      problems.add(member.mark, unknown_key(member.key, noun, known));
  for (const Key<T>& key : keys) {
    if (const Member* member = node.find(key.info.name)) {
      read_value(key, *member->value, placed, problems);
    } else if (key.info.required) {
      problems.add(node.mark, "this " + std::string(noun) + " has no '" + std::string(key.info.name) + "'");
      placed.unread.push_back(key.info.name);
    } else if (!key.info.fallback.empty()) {
      Node fallback;
      fallback.kind = Node::Kind::scalar;
      fallback.text = key.info.fallback;
      read_value(key, fallback, placed, problems);
    }
  }
}

/// Reads a list of mappings.
template <class T>
void read_list(Field& field, std::span<const Key<T>> keys, std::string_view noun, std::vector<Placed<T>>& list) {
  if (!decode::is_collection(field, Node::Kind::sequence)) return;
  for (const Node* item : field.node.items) {
    if (item->kind == Node::Kind::mapping)
      read_mapping(*item, keys, noun, list.emplace_back(), field.problems);
    else
      field.fail(item->mark, "each " + std::string(noun) + " is a mapping of keys to values");
  }
}

}  // namespace fairway::config
