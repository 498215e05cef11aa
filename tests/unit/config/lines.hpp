// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace fairway::config {

using Lines = std::vector<std::string>;

/// Stands for the registry of schedulers.
inline bool is_scheduler(std::string_view name) {
  return name == "rr" || name == "wrr" || name == "lc" || name == "wlc" || name == "sh" || name == "mh";
}

inline Lines lines_of(const std::vector<Problem>& problems) {
  Lines lines;
  for (const Problem& problem : problems) lines.push_back(to_string("f.yaml", problem));
  return lines;
}

/// What is printed when a file of this text is refused; nothing if it is taken.
inline Lines problems_of(std::string_view text) { return lines_of(load_text(text, is_scheduler).problems); }

/// The same for a file whose only port has these keys too, from column 39 of line 1 on: "mtu: 1500".
inline Lines problems_of_port(const std::string& keys) {
  return problems_of("ports: [{name: p0, device: net_null0, " + keys + "}]");
}

/// The same for a file with one sound port on line 1 and this text from line 2 on.
inline Lines problems_below_port(const std::string& text) {
  return problems_of("ports: [{name: a, device: net_null0, addresses: [192.168.4.15/32]}]\n" + text);
}

/// The same for a file whose only service has these keys too, from column 39 of line 3 on: "scheduler: rr".
inline Lines problems_of_service(const std::string& keys) {
  return problems_below_port("services:\n  - {address: 192.168.4.15, port: 80, " + keys + "}\n");
}

}  // namespace fairway::config
