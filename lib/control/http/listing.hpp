// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "control/connection_walk.hpp"
#include "control/director.hpp"
#include "control/job.hpp"

namespace fairway::control::http {

/// {"services": [...]} in the order in which they were added.
class ServiceListing : public Job {
 public:
  explicit ServiceListing(const Director& director);

  Progress advance() override;

 private:
  const Director& director_;
  std::vector<std::shared_ptr<const service::Service>> services_;
  std::size_t done_ = 0;
};

/// {"connections": [...], "truncated": bool}
class ConnectionListing : public Job {
 public:
  static constexpr std::uint32_t largest_limit = 1'000'000;

  ConnectionListing(std::shared_ptr<Questions> questions, std::uint32_t limit);

  Progress advance() override;

 private:
  Progress finish(bool is_truncated);

  ConnectionWalk walk_;
  std::uint32_t limit_;
  std::uint32_t listed_ = 0;
};

}  // namespace fairway::control::http
