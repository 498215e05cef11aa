// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <deque>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "sched/peers.hpp"
#include "support/balance.hpp"

namespace fairway::tests {

/// Simulated workers of one service, each with its flows, that see of each other's opens what was at most so many opens
/// ago, and never less than they saw before. Connections last for as many further opens as is said; 0: for ever.
class LateViews {
 public:
  struct Kind {
    std::string_view scheduler;
    unsigned workers = 1;
    unsigned most_late = 0;
    unsigned lifetime = 0;  // more than most_late
    std::uint64_t seed = 5;
  };

  LateViews(const Kind& kind, const std::vector<std::uint32_t>& weights)
      : kind_(kind),
        walks_(kind.scheduler == "rr" || kind.scheduler == "wrr"),
        balance_(kind.scheduler, kind.workers),
        opened_(kind.workers),
        seen_(kind.workers, std::vector<std::uint64_t>(kind.workers)),
        random_(kind.seed) {
    for (unsigned i = 0; i < weights.size(); ++i) balance_.add(1 + i, weights[i]);
  }

  /// The server of a new connection of a client of this number, which says the worker.
  unsigned open(std::uint32_t client) {
    const unsigned worker = static_cast<unsigned>(random_() % kind_.workers);
    balance_.come_from(client, static_cast<std::uint16_t>(1024 + client % 50'000));
    balance_.go_to(client % 100);
    hide_from(worker, kind_.most_late == 0 ? 0 : random_() % (kind_.most_late + 1));
    const unsigned server = balance_.open(worker);
    show();
    ++opened_[worker];
    recent_.emplace_front(worker, server);
    if (recent_.size() > kind_.most_late) recent_.pop_back();
    open_.emplace_back(worker, server);
    if (kind_.lifetime != 0 && open_.size() > kind_.lifetime) end_oldest();
    return server;
  }
  std::uint32_t connections(unsigned server) const { return balance_.total(server); }

 private:
  using Opened = std::pair<unsigned, unsigned>;  // worker, server

  sched::WalkerState& walker(unsigned worker) { return static_cast<sched::WalkerState&>(balance_.state(worker)); }

  void hide_from(unsigned viewer, std::size_t count) {
    std::vector<std::uint64_t> hidden(kind_.workers);
    for (std::size_t i = 0; i < std::min(count, recent_.size()); ++i) {
      const auto [worker, server] = recent_[i];
      if (server == Balance::none || worker == viewer || opened_[worker] - hidden[worker] <= seen_[viewer][worker])
        continue;
      ++hidden[worker];
      hidden_.emplace_back(worker, server);
      balance_.line(server, worker).active.subtract(1);
    }
    for (unsigned worker = 0; worker < kind_.workers; ++worker) {
      seen_[viewer][worker] = opened_[worker] - hidden[worker];
      if (walks_ && worker != viewer) walker(worker).opened.set(seen_[viewer][worker]);
    }
  }
  void show() {
    for (const auto& [worker, server] : hidden_) balance_.line(server, worker).active.add(1);
    hidden_.clear();
    // The one that has just opened counts itself; opened_ is put right before the next look.
    for (unsigned worker = 0; walks_ && worker < kind_.workers; ++worker)
      walker(worker).opened.set(std::max(opened_[worker], walker(worker).opened.get()));
  }
  void end_oldest() {
    const auto [worker, server] = open_.front();
    open_.pop_front();
    if (server != Balance::none) balance_.line(server, worker).active.subtract(1);
  }

  Kind kind_;
  bool walks_;
  Balance balance_;
  std::vector<std::uint64_t> opened_;
  std::vector<std::vector<std::uint64_t>> seen_;  // by viewer, of worker
  std::deque<Opened> recent_, hidden_, open_;
  std::mt19937_64 random_;
};

}  // namespace fairway::tests
