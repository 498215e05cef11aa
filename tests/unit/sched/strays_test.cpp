// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <random>

#include "support/late_views.hpp"

/// How far several workers stray from what one worker, or the kernel, would choose.
using namespace fairway;
using tests::Balance;
using tests::LateViews;

namespace {

/// Connections by which a server may have more or fewer with 2, 4 or 8 workers than with one, at any time of 10,000
/// openings, among 4 servers or 40, with long connections or short ones. What docs/schedulers.md states.
struct Bound {
  std::string_view scheduler;
  unsigned slow;  // each worker sees all that the others have opened
  unsigned fast;  // up to a burst of 32 of them late
};
constexpr std::array bounds{Bound{"rr", 0, 60},      Bound{"wrr", 110, 80},    Bound{"lc", 2, 15}, Bound{"wlc", 4, 20},
                            Bound{"lblc", 600, 650}, Bound{"lblcr", 600, 650}, Bound{"dh", 0, 0},  Bound{"sh", 0, 0},
                            Bound{"sed", 5, 20},     Bound{"nq", 5, 22},       Bound{"mh", 0, 0},  Bound{"fo", 0, 0},
                            Bound{"ovf", 10, 55},    Bound{"twos", 0, 10}};

constexpr int openings = 10'000;
constexpr unsigned burst = 32;

std::vector<std::uint32_t> weights_of(unsigned servers) {
  std::vector<std::uint32_t> weights;
  for (unsigned i = 0; i < servers; ++i) weights.push_back(std::array{30u, 20u, 10u, 50u}[i % 4]);
  return weights;
}

/// The largest difference between what a server has with so many workers and with one.
unsigned stray(const LateViews::Kind& kind, unsigned servers) {
  LateViews::Kind alone = kind;
  alone.workers = 1;
  alone.most_late = 0;
  LateViews several(kind, weights_of(servers)), one(alone, weights_of(servers));
  std::mt19937 random(7);
  unsigned worst = 0;
  for (int i = 0; i < openings; ++i) {
    const auto client = static_cast<std::uint32_t>(random());
    several.open(client);
    one.open(client);
    for (unsigned server = 1; server <= servers; ++server) {
      const auto difference = static_cast<std::int64_t>(several.connections(server)) - one.connections(server);
      worst = std::max(worst, static_cast<unsigned>(std::abs(difference)));
    }
  }
  return worst;
}

unsigned worst_stray(std::string_view scheduler, unsigned most_late) {
  unsigned worst = 0;
  for (const unsigned workers : {2u, 4u, 8u})
    for (const unsigned lifetime : {0u, 64u})
      for (const unsigned servers : {4u, 40u})
        worst = std::max(worst, stray({scheduler, workers, most_late, lifetime}, servers));
  return worst;
}

}  // namespace

TEST_CASE("several workers stray from one worker's choices by no more than is stated") {
  for (const Bound& bound : bounds) {
    CAPTURE(bound.scheduler);
    CHECK(worst_stray(bound.scheduler, 0) <= bound.slow);
    CHECK(worst_stray(bound.scheduler, burst) <= bound.fast);
  }
}
