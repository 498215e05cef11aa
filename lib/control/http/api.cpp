// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/api.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "control/http/command_batch.hpp"
#include "control/http/views.hpp"

namespace fairway::control::http {
namespace {

constexpr std::uint32_t usual_limit = 10'000;  // of connections listed

/// A request that is answered in one go.
class Answer : public Job {
 public:
  explicit Answer(Reply ready) { reply = std::move(ready); }
  Progress advance() override { return Progress::done; }
};

std::unique_ptr<Job> answer(const View& view) {
  return std::make_unique<Answer>(Reply{.body = view.dump(-1, ' ', false, View::error_handler_t::replace)});
}

std::unique_ptr<Job> refuse(unsigned status, const std::string& message) {
  return std::make_unique<Answer>(Reply{.status = status, .body = error_body(message)});
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

/// What stands behind the question mark; a path knows at most one parameter.
struct Api::Query {
  std::string_view name;
  std::string_view value;
};

struct Api::Route {
  std::string_view method;
  std::string_view path;
  std::string_view parameter;  // that it knows; empty: none
  std::unique_ptr<Job> (Api::*begin)(const Query& query, std::string body);
};

constexpr Api::Route Api::routes[] = {
    {"GET", "/v1/services", "", &Api::services},
    {"GET", "/v1/total", "", &Api::total},
    {"GET", "/v1/connections", "limit", &Api::connections},
    {"GET", "/v1/marks", "", &Api::marks},
    {"GET", "/v1/settings", "", &Api::settings},
    {"GET", "/v1/workers", "", &Api::workers},
    {"GET", "/v1/latency", "", &Api::latency},
    {"GET", "/v1/ports", "", &Api::ports},
    {"GET", "/v1/drops", "", &Api::drops},
    {"GET", "/v1/neighbours", "", &Api::neighbours},
    {"GET", "/v1/diff", "", &Api::diff},
    {"POST", "/v1/commands", "stop_at_error", &Api::commands},
    {"POST", "/v1/reload", "", &Api::reload},
};

Api::Api(Director& director, worker::Crew& crew, Sources sources)
    : director_(director), crew_(crew), sources_(std::move(sources)), questions_(std::make_shared<Questions>(crew)) {}

std::unique_ptr<Job> Api::begin(Request request) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view parameter = target.substr(std::min(path.size() + 1, target.size()));
  Query query{.name = parameter.substr(0, parameter.find('=')), .value = {}};
  query.value = parameter.substr(std::min(query.name.size() + 1, parameter.size()));
  for (const Route& route : routes) {
    if (path != route.path) continue;
    if (request.method != route.method)
      return refuse(405, std::string(path) + " knows only " + std::string(route.method));
    if (!query.name.empty() && query.name != route.parameter)
      return refuse(400, std::string(path) + " has no parameter '" + std::string(query.name) + "'");
    return (this->*route.begin)(query, std::move(request.body));
  }
  return refuse(404, "there is no " + std::string(path));
}

std::unique_ptr<Job> Api::services(const Query&, std::string) { return std::make_unique<ServiceListing>(director_); }

std::unique_ptr<Job> Api::total(const Query&, std::string) { return answer(total_view(director_)); }

std::unique_ptr<Job> Api::connections(const Query& query, std::string) {
  std::uint32_t limit = usual_limit;
  if (!query.name.empty()) {
    const auto wanted = parse_number(query.value);
    if (!wanted || *wanted > ConnectionListing::largest_limit)
      return refuse(400, "limit must be a number up to " + std::to_string(ConnectionListing::largest_limit));
    limit = *wanted;
  }
  return std::make_unique<ConnectionListing>(questions_, limit);
}

std::unique_ptr<Job> Api::marks(const Query&, std::string) {
  return answer(marks_view(director_.table().mark_rules()));
}

std::unique_ptr<Job> Api::settings(const Query&, std::string) {
  return answer(settings_view(director_.table().settings()));
}

std::unique_ptr<Job> Api::workers(const Query&, std::string) {
  return answer(workers_view(crew_, sources_.worker_cpus));
}

std::unique_ptr<Job> Api::latency(const Query&, std::string) { return answer(latency_view(crew_)); }

std::unique_ptr<Job> Api::ports(const Query&, std::string) { return answer(ports_view(sources_.ports())); }

std::unique_ptr<Job> Api::drops(const Query&, std::string) { return answer(drops_view(crew_)); }

std::unique_ptr<Job> Api::neighbours(const Query&, std::string) {
  return answer(neighbours_view(sources_.neighbours()));
}

std::unique_ptr<Job> Api::commands(const Query& query, std::string body) {
  if (!query.name.empty() && query.value != "true" && query.value != "false")
    return refuse(400, "stop_at_error must be true or false");
  return std::make_unique<CommandBatch>(director_, std::move(body), query.value == "true");
}

std::unique_ptr<Job> Api::reload(const Query&, std::string) { return sources_.reload(false); }
std::unique_ptr<Job> Api::diff(const Query&, std::string) { return sources_.reload(true); }

}  // namespace fairway::control::http
