// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/lines.hpp"

#include <fmt/core.h>

#include <utility>

#include "fairway-bench/deck.hpp"

namespace fairway::bench {

Lines::Lines(Bed& bed, std::uint32_t burst, RunOnAll on_all) : on_all_(std::move(on_all)) {
  for (unsigned worker = 0; worker < bed.workers(); ++worker)
    lines_.push_back(std::make_unique<Line>(bed, worker, burst));
}

base::Result<std::unique_ptr<Lines>> Lines::create(Bed& bed, std::uint32_t burst, RunOnAll on_all) {
  std::unique_ptr<Lines> lines(new Lines(bed, burst, std::move(on_all)));
  const unsigned workers = bed.workers();
  std::vector<std::vector<dpdk::Ring*>> ring(workers, std::vector<dpdk::Ring*>(workers));  // [from][to]
  for (unsigned from = 0; from < workers; ++from)
    for (unsigned to = 0; to < workers; ++to) {
      if (from == to) continue;
      auto made = dpdk::Ring::create(Deck::size, -1);  // never full
      if (!made) return made.error();
      lines->rings_.push_back(std::make_unique<dpdk::Ring>(std::move(*made)));
      ring[from][to] = lines->rings_.back().get();
    }
  for (unsigned worker = 0; worker < workers; ++worker) {
    std::vector<dpdk::Ring*> to_it;
    for (unsigned from = 0; from < workers; ++from) to_it.push_back(ring[from][worker]);
    lines->lines_[worker]->link(ring[worker], std::move(to_it));
  }
  return lines;
}

void Lines::pass() {
  pass_in_turn();
  finish_pass();
}

std::uint64_t Lines::measure() {
  measured_ += given_;
  std::uint64_t ticks = 0;
  if (on_all_) {
    ticks = pass_on_threads();
  } else {
    const std::uint64_t start = dpdk::tsc();
    measure_in_turn();
    ticks = dpdk::tsc() - start;
  }
  finish_pass();
  return ticks;
}

void Lines::finish_pass() {
  for (auto& line : lines_) line->clear();
  done_before_ += std::exchange(given_, 0);
}

void Lines::measure_in_turn() noexcept { pass_in_turn(); }

void Lines::pass_in_turn() noexcept {
  for (std::uint32_t loop = 0; poll_all(loop); ++loop) {}
}

bool Lines::poll_all(std::uint32_t loop) noexcept {
  bool found = false;
  for (auto& line : lines_) found |= line->poll(loop);
  return found;
}

// Nobody knows how much the others will still hand over, so each goes on until all packets are done.
std::uint64_t Lines::pass_on_threads() {
  const std::uint64_t all = done_before_ + given_;
  std::atomic<unsigned> missing = static_cast<unsigned>(lines_.size());
  std::atomic<std::uint64_t> start = 0, end = 0;
  const auto is_over = [&] {
    std::uint64_t done = 0;
    for (const auto& line : lines_) done += line->done();
    return done == all;
  };
  const auto ran = on_all_([&](unsigned worker) {
    if (--missing == 0) start = dpdk::tsc();
    while (start == 0) {}
    for (std::uint32_t loop = 0; lines_[worker]->poll(loop) || !is_over();) ++loop;
    end = dpdk::tsc();
  });
  if (!ran) fmt::print(stderr, "fairway-bench: {}\n", ran.error().message);
  return end - start;
}

std::uint64_t Lines::count(forward::Verdict verdict) const {
  std::uint64_t sum = 0;
  for (const auto& line : lines_) sum += line->count(verdict);
  return sum;
}

std::uint64_t Lines::lost_established() const {
  std::uint64_t sum = 0;
  for (const auto& line : lines_) sum += line->lost_established();
  return sum;
}

std::uint64_t Lines::handed_over() const {
  std::uint64_t sum = 0;
  for (const auto& line : lines_) sum += line->handed_over();
  return sum;
}

SharedWrites Lines::shared_writes() const {
  SharedWrites sum;
  for (const auto& line : lines_) {
    const SharedWrites& its = line->shared_writes();
    sum.ring_places += its.ring_places;
    sum.ring_ends += its.ring_ends;
    sum.packets += its.packets;
  }
  return sum;
}

std::string Lines::others() const {
  std::string text;
  for (std::size_t i = 0; i < forward::verdict_count; ++i) {
    const auto verdict = static_cast<forward::Verdict>(i);
    if (verdict == forward::Verdict::transmit || verdict == forward::Verdict::to_other_worker || count(verdict) == 0)
      continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count(verdict), name(verdict));
  }
  return text;
}

}  // namespace fairway::bench
