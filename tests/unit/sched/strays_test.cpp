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
constexpr std::array bounds{Bound{"rr", 0, 60},      Bound{"wrr", 2, 75},      Bound{"lc", 2, 15}, Bound{"wlc", 4, 20},
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
        worst = std::max(
            worst,
            stray({.scheduler = scheduler, .workers = workers, .most_late = most_late, .lifetime = lifetime}, servers));
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

namespace {

/// So many connections at all, which one worker shares out evenly, by 8 workers whose turn it is at random.
constexpr unsigned most_workers = 8, few_servers = 4, few_connections = 16;

/// Connections by which a server may then have more or fewer than its quarter.
struct Few {
  std::string_view scheduler;
  unsigned slow;  // they come one after the other
  unsigned fast;  // at once: up to seven others are opened unseen
};
constexpr std::array few{Few{"rr", 0, 7},  Few{"wrr", 0, 7}, Few{"lc", 0, 3},
                         Few{"wlc", 0, 3}, Few{"sed", 0, 3}, Few{"nq", 0, 3}};

/// The worst of two hundred beginnings.
unsigned worst_of_few(std::string_view scheduler, unsigned most_late) {
  unsigned worst = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const LateViews::Kind kind{.scheduler = scheduler, .workers = most_workers, .most_late = most_late, .seed = seed};
    const LateViews::Kind alone{.scheduler = scheduler};
    const std::vector<std::uint32_t> weights(few_servers, 1);
    LateViews several(kind, weights), one(alone, weights);
    for (unsigned i = 0; i < few_connections; ++i) several.open(i), one.open(i);
    for (unsigned server = 1; server <= few_servers; ++server) {
      CHECK(one.connections(server) == few_connections / few_servers);
      const auto difference = static_cast<std::int64_t>(several.connections(server)) - one.connections(server);
      worst = std::max(worst, static_cast<unsigned>(std::abs(difference)));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("a service with few connections is balanced by many workers") {
  for (const Few& bound : few) {
    CAPTURE(bound.scheduler);
    CHECK(worst_of_few(bound.scheduler, 0) <= bound.slow);
    CHECK(worst_of_few(bound.scheduler, most_workers - 1) <= bound.fast);
  }
}
