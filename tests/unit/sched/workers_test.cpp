// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <cmath>
#include <deque>
#include <random>

#include "sched/peers.hpp"
#include "support/balance.hpp"

/// How far several workers stray from what one worker, or the kernel, would choose.
using namespace fairway;
using tests::Balance;

namespace {

const std::vector<std::uint32_t> weights{3, 2, 1, 5};
constexpr unsigned first_server = 11;

void add_servers(Balance& balance) {
  for (unsigned i = 0; i < weights.size(); ++i) balance.add(first_server + i, weights[i]);
}

bool keeps_a_place(std::string_view scheduler) { return scheduler == "rr" || scheduler == "wrr"; }

/// Workers that see of each other's opens what was at most so many opens ago, and never less than they saw before.
class LateViews {
 public:
  LateViews(std::string_view scheduler, unsigned workers, unsigned most_late)
      : walks_(keeps_a_place(scheduler)),
        workers_(workers),
        most_late_(most_late),
        balance_(scheduler, workers),
        opened_(workers),
        seen_(workers, std::vector<std::uint64_t>(workers)) {
    add_servers(balance_);
  }

  unsigned open() {
    const auto worker = static_cast<unsigned>(random_() % workers_);
    hide_from(worker, most_late_ == 0 ? 0 : random_() % (most_late_ + 1));
    const unsigned server = balance_.open(worker);
    show();
    ++opened_[worker];
    recent_.emplace_front(worker, server);
    if (recent_.size() > most_late_) recent_.pop_back();
    return server;
  }

 private:
  sched::WalkerState& walker(unsigned worker) { return static_cast<sched::WalkerState&>(balance_.state(worker)); }

  void hide_from(unsigned viewer, std::size_t count) {
    std::vector<std::uint64_t> hidden(workers_);
    for (std::size_t i = 0; i < std::min(count, recent_.size()); ++i) {
      const auto [worker, server] = recent_[i];
      if (worker == viewer || opened_[worker] - hidden[worker] <= seen_[viewer][worker]) continue;
      ++hidden[worker];
      hidden_.emplace_back(worker, server);
      balance_.line(server, worker).active.subtract(1);
    }
    for (unsigned worker = 0; worker < workers_; ++worker) {
      seen_[viewer][worker] = opened_[worker] - hidden[worker];
      if (walks_ && worker != viewer) walker(worker).opened.set(seen_[viewer][worker]);
    }
  }
  void show() {
    for (const auto& [worker, server] : hidden_) balance_.line(server, worker).active.add(1);
    hidden_.clear();
    // The one that has just opened counts itself; opened_ is put right before the next look.
    for (unsigned worker = 0; walks_ && worker < workers_; ++worker)
      walker(worker).opened.set(std::max(opened_[worker], walker(worker).opened.get()));
  }

  bool walks_;
  unsigned workers_;
  unsigned most_late_;
  Balance balance_;
  std::vector<std::uint64_t> opened_;
  std::vector<std::vector<std::uint64_t>> seen_;  // by viewer, of worker
  std::deque<std::pair<unsigned, unsigned>> recent_, hidden_;
  std::mt19937_64 random_{5};
};

/// The largest difference, at any time, between what a server has got and its share of all opens so far.
double worst_stray(std::string_view scheduler, unsigned workers, unsigned most_late, int opens) {
  LateViews views(scheduler, workers, most_late);
  const bool by_weight = scheduler[0] == 'w';
  double total = 0, worst = 0;
  for (const std::uint32_t weight : weights) total += by_weight ? weight : 1;
  std::vector<double> counts(weights.size());
  for (int i = 1; i <= opens; ++i) {
    ++counts[views.open() - first_server];
    for (std::size_t k = 0; k < counts.size(); ++k)
      worst = std::max(worst, std::abs(counts[k] - i * (by_weight ? weights[k] : 1) / total));
  }
  return worst;
}

}  // namespace

TEST_CASE("workers that open one after the other choose as one worker would") {
  const auto* scheduler = GENERATE("rr", "wrr", "lc", "wlc");
  const unsigned workers = GENERATE(2u, 4u);
  CAPTURE(scheduler, workers);
  Balance one(scheduler), several(scheduler, workers);
  add_servers(one);
  add_servers(several);
  std::mt19937_64 random(9);
  for (int i = 0; i < 10'000; ++i) REQUIRE(several.open(static_cast<unsigned>(random() % workers)) == one.open());
}

TEST_CASE("rr and wrr keep their shares within half a per cent where workers see each other up to a burst late") {
  const auto* scheduler = GENERATE("rr", "wrr");
  const unsigned workers = GENERATE(2u, 4u);
  const unsigned late = GENERATE(1u, 8u, 32u);
  CAPTURE(scheduler, workers, late);
  CHECK(worst_stray(scheduler, workers, late, 100'000) <= 500);
}

TEST_CASE("lc and wlc keep their shares within a few connections where workers see each other up to a burst late") {
  const auto* scheduler = GENERATE("lc", "wlc");
  const unsigned workers = GENERATE(2u, 4u);
  const unsigned late = GENERATE(1u, 8u, 32u);
  CAPTURE(scheduler, workers, late);
  CHECK(worst_stray(scheduler, workers, late, 100'000) <= 12);
}

TEST_CASE("a worker that seldom opens a connection does not upset the others' shares") {
  const auto* scheduler = GENERATE("rr", "wrr", "lc", "wlc");
  CAPTURE(scheduler);
  Balance balance(scheduler, 2);
  add_servers(balance);
  const bool by_weight = scheduler[0] == 'w';
  std::vector<double> counts(weights.size());
  constexpr int opens = 110'000;
  for (int i = 1; i <= opens; ++i) ++counts[balance.open(i % 1000 == 0 ? 1 : 0) - first_server];
  for (std::size_t k = 0; k < counts.size(); ++k)
    CHECK(std::abs(counts[k] - opens * (by_weight ? weights[k] / 11.0 : 0.25)) <= opens / 1000 + 1);
}
