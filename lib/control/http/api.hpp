// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "control/director.hpp"
#include "control/http/listing.hpp"
#include "control/http/reports.hpp"
#include "control/job.hpp"

namespace fairway::control::http {

/// Where the views come from that the director and the crew do not hold.
struct Sources {
  std::vector<unsigned> worker_cpus;
  std::function<std::vector<PortReport>()> ports;
  std::function<std::vector<NeighbourReport>()> neighbours;
  /// Of the configuration file; a dry run only tells what would be done.
  std::function<std::unique_ptr<Job>(bool is_dry_run)> reload{};
};

/// What can be asked over HTTP, whatever carries it:
///   GET /v1/services, /v1/total, /v1/connections[?limit=N], /v1/marks, /v1/settings, /v1/workers, /v1/latency, /v1/ports,
///       /v1/drops, /v1/neighbours, /v1/diff (what a reload would change)
///   POST /v1/commands[?stop_at_error=true], /v1/reload
/// Everything is JSON; an error is {"error": "..."} with a status of 400 or more.
class Api {
 public:
  Api(Director& director, worker::Crew& crew, Sources sources);

  /// The work that answers this request. Api must be there as long as it goes on.
  std::unique_ptr<Job> begin(Request request);

  /// For others who ask the workers: two that did not know of each other would be in each other's way.
  const std::shared_ptr<Questions>& questions() const { return questions_; }

 private:
  struct Query;
  struct Route;
  static const Route routes[];

  std::unique_ptr<Job> services(const Query& query, std::string body);
  std::unique_ptr<Job> total(const Query& query, std::string body);
  std::unique_ptr<Job> connections(const Query& query, std::string body);
  std::unique_ptr<Job> marks(const Query& query, std::string body);
  std::unique_ptr<Job> settings(const Query& query, std::string body);
  std::unique_ptr<Job> workers(const Query& query, std::string body);
  std::unique_ptr<Job> latency(const Query& query, std::string body);
  std::unique_ptr<Job> ports(const Query& query, std::string body);
  std::unique_ptr<Job> drops(const Query& query, std::string body);
  std::unique_ptr<Job> neighbours(const Query& query, std::string body);
  std::unique_ptr<Job> commands(const Query& query, std::string body);
  std::unique_ptr<Job> reload(const Query& query, std::string body);
  std::unique_ptr<Job> diff(const Query& query, std::string body);

  Director& director_;
  worker::Crew& crew_;
  Sources sources_;
  std::shared_ptr<Questions> questions_;
};

}  // namespace fairway::control::http
