// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "fairway-bench/floor.hpp"
#include "fairway-bench/lines.hpp"
#include "fairway-bench/options.hpp"
#include "fairway-bench/progress.hpp"
#include "fairway-bench/report.hpp"
#include "fairway-bench/timing.hpp"

namespace fairway::bench {

/// What the packets of established flows are.
enum class Traffic { to_server, to_client, alternating };

/// All that a mode needs: packets, the director around them, its workers, the floor.
class Setup {
 public:
  static base::Result<std::unique_ptr<Setup>> create(const Options& options, RunOnAll on_all);
  /// Bytes of EAL's memory that it needs.
  static std::size_t memory_for(const Options& options);

  const Options& options() const { return options_; }
  const Plan& plan() const { return options_.plan; }
  bool is_nat() const { return plan().forwarding == service::Forwarding::nat; }
  Bed& bed() { return *bed_; }
  Lines& lines() { return *lines_; }
  Deck& deck() { return deck_; }
  Floor& floor() { return floor_; }
  Progress& progress() { return progress_; }
  std::mt19937& random() { return random_; }
  std::size_t table_bytes() const { return table_bytes_; }

  /// Packet i of the next pass.
  void put(std::uint32_t i, const net::Tuple4& tuple, bool is_reply, std::uint8_t tcp_flags);
  void put_established(std::uint32_t i, Traffic traffic);
  void put_syn(std::uint32_t i, std::uint32_t flow) { put(i, client_tuple(plan(), flow), false, net::TcpHeader::syn); }
  /// A whole pass of established flows.
  void fill(Traffic traffic);

  /// Three-way handshakes of all flows, as far as a director sees them. Errors: a packet that was not transmitted.
  base::Result<void> establish();
  /// ns per packet of a timed pass of established flows through the floor, or of what was put through the workers.
  double time_floor();
  double time_lines() { return nanoseconds_each(lines().measure(), Deck::size); }

  /// That all packets so far were transmitted.
  base::Result<void> check() const;
  /// What this run was, for its report.
  void describe(Report& report) const;

 private:
  Setup(const Options& options, Deck deck, Floor floor)
      : options_(options),
        deck_(std::move(deck)),
        floor_(std::move(floor)),
        progress_(options.progress),
        server_of_(options.plan.flows) {}

  base::Result<void> open(std::uint32_t first, std::uint32_t count);
  void note_server(std::uint32_t flow);
  unsigned owner_of(std::uint32_t flow) const;
  unsigned receiver_of(const net::Tuple4& tuple, bool is_reply);
  net::Tuple4 reply(std::uint32_t flow) const { return reply_tuple(plan(), flow, server_of_[flow]); }

  Options options_;
  Deck deck_;
  Floor floor_;
  Progress progress_;
  std::unique_ptr<Bed> bed_;
  std::unique_ptr<Lines> lines_;
  std::vector<std::uint32_t> server_of_;  // by flow
  std::mt19937 random_{1};
  std::uint64_t sent_ = 0;
  std::uint32_t floor_rounds_ = 0;
  std::size_t table_bytes_ = 0;
};

/// The columns that every mode's rows have: what the packets are, ns per packet beside the floor's, Mpps of one core.
std::vector<Column> time_columns();
void add_times(nlohmann::ordered_json& row, const Timing& timing, const Timing& floor, unsigned cores = 1);

}  // namespace fairway::bench
