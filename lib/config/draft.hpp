// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "config/configuration.hpp"
#include "config/tree.hpp"

/// The configuration while it is being read: values with the places where they stand.
namespace fairway::config {

/// What stands for a mapping that the file does not have.
inline const Node nothing{};

/// A mapping of the file and what has been read from it.
template <class T>
struct Placed {
  T value{};
  const Node* node = &nothing;
  std::vector<std::string_view> unread{};  // keys that are missing though required, or whose values cannot be read

  bool has(std::string_view key) const { return node->find(key) != nullptr; }
  /// False if a problem has been reported for this key, so that rules about its value say nothing.
  bool is_read(std::string_view key) const { return std::find(unread.begin(), unread.end(), key) == unread.end(); }
  /// The place of the key's value; of the whole mapping if the key is not there.
  Mark mark_of(std::string_view key) const {
    const Member* member = node->find(key);
    return member == nullptr ? node->mark : member->value->mark;
  }
};

struct PortDraft {
  Port port;
  std::vector<Mark> address_marks;  // of port.addresses
};

struct ServiceDraft {
  service::ServiceSpec spec;  // without its servers
  std::vector<Placed<service::ServerSpec>> servers;
};

struct Draft {
  Placed<Director> director;
  Placed<service::Settings> settings;
  std::vector<Placed<PortDraft>> ports;
  std::vector<Placed<service::MarkRule>> marks;
  std::vector<Placed<ServiceDraft>> services;
};

}  // namespace fairway::config
