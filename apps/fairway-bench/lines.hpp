// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fairway-bench/line.hpp"

namespace fairway::bench {

/// Runs `work(worker)` for all workers at once, each on a core of its own, and waits for them.
using RunOnAll = std::function<base::Result<void>(const std::function<void(unsigned)>& work)>;

/// The workers of a run: in turn on this thread, a loop each, or each on its own.
class Lines {
 public:
  /// `on_all`: empty unless they are threads.
  static base::Result<std::unique_ptr<Lines>> create(Bed& bed, std::uint32_t burst, RunOnAll on_all);

  /// A packet for a worker's receive queue.
  void give(unsigned worker, dpdk::Packet& packet) {
    lines_[worker]->give(packet);
    ++given_;
  }
  /// All that was given goes through.
  void pass();
  /// Likewise, timed: returns ticks, of all loops in turn, or on threads until the last is done. callgrind finds what it is to
  /// count by the name of measure_in_turn.
  std::uint64_t measure();
  std::uint64_t measured_packets() const { return measured_; }

  void keep_time(double microseconds_a_loop) { lines_.front()->keep_time(microseconds_a_loop); }
  std::uint64_t count(forward::Verdict verdict) const;
  std::uint64_t lost_established() const;
  std::uint64_t handed_over() const;
  SharedWrites shared_writes() const;
  /// Packets that were given and not transmitted, by verdict: "3 drop_table_full, 1 drop_martian"; empty if there are none.
  std::string others() const;

 private:
  Lines(Bed& bed, std::uint32_t burst, RunOnAll on_all);

  void pass_in_turn() noexcept;
  [[gnu::noinline]] void measure_in_turn() noexcept;
  std::uint64_t pass_on_threads();
  void finish_pass();
  bool poll_all(std::uint32_t loop) noexcept;

  std::vector<std::unique_ptr<dpdk::Ring>> rings_;
  std::vector<std::unique_ptr<Line>> lines_;
  RunOnAll on_all_;
  std::uint64_t given_ = 0;        // of this pass
  std::uint64_t done_before_ = 0;  // in earlier passes
  std::uint64_t measured_ = 0;
};

}  // namespace fairway::bench
