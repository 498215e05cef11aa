// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "config/draft.hpp"
#include "config/problem.hpp"
#include "config/tree.hpp"

namespace fairway::config {

/// Smallest and largest number, or length of a text.
struct Range {
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::string_view unit{};

  bool holds(std::int64_t number) const { return number >= low && number <= high; }
};

/// What a key is, for whoever reads or writes a file.
struct KeyInfo {
  std::string_view name;
  std::string_view form;  // what stands there: "whole number"; choices as "spin | sleep | wait", in the enum's order
  std::string_view fallback{};   // the default as it would stand in the file; empty: there is none
  std::string_view if_absent{};  // in words, where there is no fallback
  Range range{};                 // empty: none
  std::string_view about;
  bool required = false;
};

/// The value of a key while it is being read.
struct Field {
  const KeyInfo& key;
  const Node& node;
  Problems& problems;
  bool is_read = true;

  void fail(Mark mark, std::string_view message);
  void fail(std::string_view message) { fail(node.mark, message); }
};

/// A key of the mappings that are read into a Target.
template <class Target>
struct Key {
  KeyInfo info;
  void (*read)(Field&, Target&);
};

/// The one table of keys: everything that reads, checks or explains a configuration goes by it.
std::span<const Key<Draft>> file_keys();
std::span<const Key<Director>> director_keys();
std::span<const Key<service::Settings>> settings_keys();  // made of service::settings_table
std::span<const Key<PortDraft>> port_keys();
std::span<const Key<service::MarkRule>> mark_keys();
std::span<const Key<ServiceDraft>> service_keys();
std::span<const Key<service::ServerSpec>> server_keys();

/// A kind of mapping, for whoever explains them.
struct Section {
  std::string_view title;  // "ports[]": where it stands in the file
  std::string_view about;
  std::vector<KeyInfo> keys;
};

std::vector<Section> sections();

}  // namespace fairway::config
