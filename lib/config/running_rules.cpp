// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/keys.hpp"
#include "config/mapping.hpp"
#include "config/rules.hpp"

namespace fairway::config {
namespace {

const Director& values_of(const Director& director) { return director; }
const Port& values_of(const PortDraft& draft) { return draft.port; }

/// Whether what the mapping says for this key, if anything, is another value than what runs has.
template <class T>
bool differs(const Key<T>& key, const Placed<T>& placed, const T& running) {
  const Member* member = placed.node->find(key.info.name);
  if (!member && key.info.fallback.empty()) return false;
  Node fallback;
  fallback.kind = Node::Kind::scalar;
  fallback.text = key.info.fallback;
  T probe = running;
  Problems reported;  // when it was read the first time
  Field field{.key = key.info, .node = member ? *member->value : fallback, .problems = reported};
  key.read(field, probe);
  return field.is_read && values_of(probe) != values_of(running);
}

template <class T>
void check_mapping(const Placed<T>& placed, std::span<const Key<T>> keys, std::string_view noun, const T& running,
                   Problems& problems) {
  if (!placed.unread.empty() || values_of(placed.value) == values_of(running)) return;
  bool is_named = false;
  for (const Key<T>& key : keys) {
    if (!differs(key, placed, running)) continue;
    problems.add(placed.mark_of(key.info.name),
                 std::string(key.info.name) + ": it cannot be changed while the director runs, a restart is needed");
    is_named = true;
  }
  if (!is_named)
    problems.add(placed.node->mark, "this " + std::string(noun) +
                                        " leaves out a key that it had; that cannot be changed while the director "
                                        "runs, a restart is needed");
}

}  // namespace

void check_running(const Draft& draft, const Configuration& running, Problems& problems) {
  check_mapping(draft.director, director_keys(), "director", running.director, problems);
  if (draft.ports.empty()) return;  // reported already
  if (draft.ports.size() != running.ports.size()) {
    problems.add(draft.ports.front().node->mark,
                 "ports: their number cannot be changed while the director runs, a restart is needed");
    return;
  }
  for (std::size_t i = 0; i < draft.ports.size(); ++i) {
    PortDraft runs{.port = running.ports[i], .address_marks = {}};
    // Those of a twin come and go; those of a port without one are its routes.
    if (!runs.port.kernel_interface.empty()) runs.port.addresses = draft.ports[i].value.port.addresses;
    check_mapping(draft.ports[i], port_keys(), "port", runs, problems);
  }
}

}  // namespace fairway::config
