// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "control/inventory.hpp"
#include "control/json.hpp"
#include "control/replay.hpp"
#include "sched/registry.hpp"

/// Inventories and commands as short texts.
namespace fairway::test {

/// Of a file with this text below its ports.
inline control::Inventory inventory(const std::string& text) {
  const auto loaded = config::load_text("ports: [{name: a, device: net_null0}]\n" + text, sched::is_known);
  if (!loaded.configuration) throw std::runtime_error(config::to_string(text, loaded.problems.front()));
  return control::inventory_of(*loaded.configuration);
}

/// A service of 10.0.0.1 with these keys and servers 1, 2, ... of these weights.
inline std::string service_text(const std::string& keys, const std::vector<int>& weights, int number = 1) {
  std::string text = "  - {address: 10.0.0." + std::to_string(number) + ", port: 80, " + keys + ", servers: [";
  for (std::size_t i = 0; i < weights.size(); ++i)
    text += (i ? ", " : "") + std::string("{address: 192.0.2.") + std::to_string(i + 1) +
            ", weight: " + std::to_string(weights[i]) + "}";
  return text + "]}\n";
}

inline control::Command command(const std::string& json) {
  return control::command_from_json(nlohmann::json::parse(json)).value();
}

/// One a line.
inline std::vector<std::string> texts_of(const std::vector<control::Command>& commands) {
  std::vector<std::string> texts;
  for (const auto& one : commands) texts.push_back(control::to_json(one).dump());
  return texts;
}

}  // namespace fairway::test
