// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/measure.hpp"

#include <fmt/core.h>

#include <random>

#include "fairway-bench/floor.hpp"
#include "fairway-bench/line.hpp"

namespace fairway::bench {
namespace {

constexpr std::uint32_t rounds_of_a_block = 8;
constexpr std::uint8_t syn = net::TcpHeader::syn, ack = net::TcpHeader::ack;

class Bench {
 public:
  Bench(const Plan& plan, Bed& bed, Deck& deck, Floor& floor)
      : plan_(plan), bed_(bed), deck_(deck), floor_(floor), line_(bed), server_of_(plan.flows) {}

  base::Result<void> establish();
  base::Result<Figures> time(std::uint32_t rounds);

 private:
  bool is_nat() const { return plan_.forwarding == service::Forwarding::nat; }
  net::Tuple4 reply(std::uint32_t flow) const { return reply_tuple(plan_, flow, server_of_[flow]); }
  base::Result<void> open(std::uint32_t first, std::uint32_t count);
  void note_server(std::uint32_t flow);
  void fill(Traffic traffic);
  double time_floor();
  double time_line();
  base::Result<void> check() const;

  const Plan& plan_;
  Bed& bed_;
  Deck& deck_;
  Floor& floor_;
  Line line_;
  std::vector<std::uint32_t> server_of_;  // by flow
  std::mt19937 random_{1};
  std::uint64_t sent_ = 0;
  std::uint32_t round_ = 0;
};

/// Three-way handshakes, as far as a director sees them.
base::Result<void> Bench::establish() {
  for (std::uint32_t first = 0; first < plan_.flows; first += Deck::size) {
    if (auto opened = open(first, std::min(Deck::size, plan_.flows - first)); !opened) return opened;
    if (first / Deck::size % 16 == 0)
      fmt::print(stderr, "\ropening flows: {:3} % ", 100 * std::uint64_t{first} / plan_.flows);
  }
  fmt::print(stderr, "\ropening flows: 100 %\n");
  return {};
}

base::Result<void> Bench::open(std::uint32_t first, std::uint32_t count) {
  const auto pass = [&](bool is_reply, std::uint8_t flags) {
    for (std::uint32_t i = 0; i < count; ++i)
      deck_.write(i, is_reply ? reply(first + i) : client_tuple(plan_, first + i), flags, bed_.port_in(is_reply));
    line_.run(deck_.packets(), count);
    sent_ += count;
  };
  pass(false, syn);
  for (std::uint32_t i = 0; i < count; ++i) note_server(first + i);
  if (is_nat()) pass(true, syn | ack);
  pass(false, ack);
  return check();
}

void Bench::note_server(std::uint32_t flow) {
  auto& connections = bed_.connections();
  const net::Tuple4 tuple = client_tuple(plan_, flow);
  if (const auto found = connections.find(tuple, connections.hash(tuple)))
    server_of_[flow] = server_number(connections.hot(found->slot()).v4.server);
}

void Bench::fill(Traffic traffic) {
  for (std::uint32_t i = 0; i < Deck::size; ++i) {
    const std::uint32_t flow = static_cast<std::uint32_t>(random_() % plan_.flows);
    const bool is_reply = traffic == Traffic::to_client || (traffic == Traffic::alternating && i % 2 == 1);
    deck_.write(i, is_reply ? reply(flow) : client_tuple(plan_, flow), ack, bed_.port_in(is_reply));
  }
}

double nanoseconds_a_packet(std::uint64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(dpdk::tsc_hz()) * 1e9 / Deck::size;
}

double Bench::time_floor() {
  fill(Traffic::to_server);
  const std::uint64_t start = dpdk::tsc();
  floor_.run(deck_.packets(), Deck::size, ++round_);
  return nanoseconds_a_packet(dpdk::tsc() - start);
}

double Bench::time_line() {
  const std::uint64_t start = dpdk::tsc();
  line_.run(deck_.packets(), Deck::size);
  const double result = nanoseconds_a_packet(dpdk::tsc() - start);
  sent_ += Deck::size;
  return result;
}

base::Result<void> Bench::check() const {
  const std::uint64_t transmitted = line_.count(forward::Verdict::transmit);
  if (transmitted == sent_) return {};
  std::string text = fmt::format("of {} packets only {} were transmitted:", sent_, transmitted);
  for (std::size_t i = 0; i < forward::verdict_count; ++i)
    if (const auto verdict = static_cast<forward::Verdict>(i); line_.count(verdict) > 0)
      text += fmt::format(" {} {}", name(verdict), line_.count(verdict));
  return base::Error{text};
}

/// In blocks: what one writes pushes the other's lines out of the cache, so the first round after a change is not timed.
base::Result<Figures> Bench::time(std::uint32_t rounds) {
  Figures figures;
  if (is_nat())
    figures.pipeline = {{Traffic::to_server, {}}, {Traffic::to_client, {}}, {Traffic::alternating, {}}};
  else
    figures.pipeline = {{Traffic::to_server, {}}};
  for (std::uint32_t done = 0; done < rounds; done += rounds_of_a_block) {
    const std::uint32_t block = std::min(rounds_of_a_block, rounds - done);
    fmt::print(stderr, "\rround {} of {} ", done + block, rounds);
    time_floor();
    for (std::uint32_t i = 0; i < block; ++i) figures.floor.add(time_floor());
    for (Figure& figure : figures.pipeline)
      for (std::uint32_t i = 0; i <= block; ++i) {
        fill(figure.traffic);
        const double result = time_line();
        if (i > 0) figure.timing.add(result);
      }
  }
  fmt::print(stderr, "\n");
  if (auto good = check(); !good) return good.error();
  return figures;
}

}  // namespace

std::size_t memory_for(const Plan& plan) { return Bed::table_bytes(plan) + Floor::bytes_for(plan); }

base::Result<Figures> measure(const Plan& plan, std::uint32_t rounds) {
  auto deck = Deck::create();
  if (!deck) return deck.error();
  auto floor = Floor::create(plan);
  if (!floor) return floor.error();
  auto bed = Bed::create(plan);
  if (!bed) return bed.error();
  Bench bench(plan, **bed, *deck, *floor);
  if (auto established = bench.establish(); !established) return established.error();
  return bench.time(rounds);
}

}  // namespace fairway::bench
