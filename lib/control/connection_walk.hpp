// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/job.hpp"
#include "worker/channel.hpp"

namespace fairway::control {

/// The questions that control asks the workers, one a worker. A worker may be writing into its question when whoever asked
/// it has long gone, so these must live until the workers have ended.
class Questions {
 public:
  explicit Questions(worker::Crew& crew);

  /// True while somebody else asks this worker.
  bool is_taken(unsigned worker, const void* asker) const;
  /// Asks a worker for its connections from a slot on, at most `limit` of them. False if it is taken, or has not answered
  /// yet what somebody asked who left.
  bool ask(unsigned worker, const void* asker, std::uint32_t first_slot, std::uint32_t limit);
  /// The answer, or null if it is not there yet.
  const worker::ListConnections* answer(unsigned worker) const;
  /// This asker wants no more of this worker.
  void release(unsigned worker, const void* asker);

  unsigned workers() const { return static_cast<unsigned>(lines_.size()); }

 private:
  struct Line {
    worker::ListConnections question;
    const void* asker = nullptr;
    bool is_asked = false;
  };

  worker::Crew& crew_;
  std::vector<std::unique_ptr<Line>> lines_;
};

/// Goes through the connections of all workers, the first worker's first. Connections that open or end meanwhile may be met
/// or not.
class ConnectionWalk {
 public:
  explicit ConnectionWalk(std::shared_ptr<Questions> questions);
  ~ConnectionWalk();
  ConnectionWalk(const ConnectionWalk&) = delete;
  ConnectionWalk& operator=(const ConnectionWalk&) = delete;

  /// A step that meets `wanted` connections at most, and at least one is asked for. `wait`: none yet. `done`: there are no
  /// more, or a worker does not answer (error).
  Job::Progress advance(std::uint32_t wanted);
  /// Those that the last step met; until the next one.
  std::span<const worker::ConnectionRow> rows() const { return rows_; }
  /// Why it ended before the end; empty if it did not.
  const std::string& error() const { return error_; }

 private:
  using Clock = std::chrono::steady_clock;

  Job::Progress wait();
  Job::Progress take(const worker::ListConnections& answer);

  std::shared_ptr<Questions> questions_;
  std::span<const worker::ConnectionRow> rows_;
  std::string error_;
  unsigned worker_ = 0;
  std::uint32_t next_slot_ = 0;
  bool is_asking_ = false;
  Clock::time_point waiting_since_;
};

}  // namespace fairway::control
