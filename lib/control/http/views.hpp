// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

#include "control/director.hpp"
#include "control/http/reports.hpp"
#include "worker/channel.hpp"

/// What there is to be read, as JSON. Members stand in the order in which people want to read them.
namespace fairway::control::http {

using View = nlohmann::ordered_json;

/// The current version of a service with its servers, the oldest first.
View service_view(const Director& director, const service::Service& service);
/// What all services have counted together, deleted ones too.
View total_view(const Director& director);
View connection_view(const worker::ConnectionRow& row);
/// {"marks": [...]} in their order.
View marks_view(const service::MarkRules& rules);
/// {"settings": {name: value, ...}}: all of them.
View settings_view(const service::Settings& settings);
/// {"workers": [...]}; `cpus` by worker.
View workers_view(worker::Crew& crew, std::span<const unsigned> cpus);
/// {"workers": [...]}: of each how long its loops took and its packets were in it, with all buckets; nanoseconds.
View latency_view(const worker::Crew& crew);
/// {"verdicts": {name: packets, ...}}: all of them, summed over the workers.
View drops_view(const worker::Crew& crew);
View ports_view(std::span<const PortReport> ports);
View neighbours_view(std::span<const NeighbourReport> neighbours);

}  // namespace fairway::control::http
