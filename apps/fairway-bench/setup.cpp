// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/setup.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "dpdk/memory.hpp"

namespace fairway::bench {
namespace {

constexpr std::uint8_t syn = net::TcpHeader::syn, ack = net::TcpHeader::ack;

}  // namespace

base::Result<std::unique_ptr<Setup>> Setup::create(const Options& options, RunOnAll on_all) {
  auto deck = Deck::create(options.sizes);
  if (!deck) return deck.error();
  auto floor = Floor::create(options.plan);
  if (!floor) return floor.error();
  const std::size_t before = dpdk::bytes_in_use();
  auto bed = Bed::create(options.plan);
  if (!bed) return bed.error();
  std::unique_ptr<Setup> setup(new Setup(options, std::move(*deck), std::move(*floor)));
  setup->table_bytes_ = dpdk::bytes_in_use() - before;
  setup->bed_ = std::move(*bed);
  auto lines = Lines::create(*setup->bed_, options.burst, options.threads ? std::move(on_all) : RunOnAll());
  if (!lines) return lines.error();
  setup->lines_ = std::move(*lines);
  return setup;
}

std::size_t Setup::memory_for(const Options& options) {
  const std::size_t rings = std::size_t{options.plan.workers} * options.plan.workers * 2 * Deck::size * sizeof(void*);
  return Bed::table_bytes(options.plan) + Floor::bytes_for(options.plan) + rings;
}

// Of the flow's owner, or of the worker that it came to instead.
unsigned Setup::receiver_of(const net::Tuple4& tuple, bool is_reply) {
  const unsigned workers = plan().workers;
  if (workers == 1) return 0;
  const unsigned owner = forward::owner_of(is_reply ? tuple.destination : tuple.source,
                                           is_reply ? tuple.destination_port : tuple.source_port, workers);
  if (random_() % 100 >= options_.handed_over) return owner;
  return (owner + 1 + static_cast<unsigned>(random_() % (workers - 1))) % workers;
}

void Setup::put(std::uint32_t i, const net::Tuple4& tuple, bool is_reply, std::uint8_t tcp_flags) {
  lines_->give(receiver_of(tuple, is_reply), deck_.write(i, tuple, tcp_flags, bed_->port_in(is_reply)));
  ++sent_;
}

void Setup::put_established(std::uint32_t i, Traffic traffic) {
  const auto flow = static_cast<std::uint32_t>(random_() % plan().flows);
  const bool is_reply = traffic == Traffic::to_client || (traffic == Traffic::alternating && i % 2 == 1);
  put(i, is_reply ? reply(flow) : client_tuple(plan(), flow), is_reply, ack);
}

void Setup::fill(Traffic traffic) {
  for (std::uint32_t i = 0; i < Deck::size; ++i) put_established(i, traffic);
}

base::Result<void> Setup::establish() {
  for (std::uint32_t first = 0; first < plan().flows; first += Deck::size) {
    if (auto opened = open(first, std::min(Deck::size, plan().flows - first)); !opened) return opened;
    if (first / Deck::size % 16 == 0) progress_.show("opening flows", first, plan().flows);
  }
  return {};
}

base::Result<void> Setup::open(std::uint32_t first, std::uint32_t count) {
  const auto pass = [&](bool is_reply, std::uint8_t flags) {
    for (std::uint32_t i = 0; i < count; ++i)
      put(i, is_reply ? reply(first + i) : client_tuple(plan(), first + i), is_reply, flags);
    lines_->pass();
  };
  pass(false, syn);
  for (std::uint32_t i = 0; i < count; ++i) note_server(first + i);
  if (is_nat()) pass(true, syn | ack);
  pass(false, ack);
  return check();
}

unsigned Setup::owner_of(std::uint32_t flow) const {
  const net::Tuple4 tuple = client_tuple(plan(), flow);
  return forward::owner_of(tuple.source, tuple.source_port, plan().workers);
}

void Setup::note_server(std::uint32_t flow) {
  auto& connections = bed_->connections(owner_of(flow));
  const net::Tuple4 tuple = client_tuple(plan(), flow);
  if (const auto found = connections.find(tuple, connections.hash(tuple)))
    server_of_[flow] = server_number(connections.hot(found->slot()).v4.server);
}

double Setup::time_floor() {
  for (std::uint32_t i = 0; i < Deck::size; ++i) {
    const auto flow = static_cast<std::uint32_t>(floor_.first_flow() + random_() % plan().flows);
    deck_.write(i, client_tuple(plan(), flow), ack, bed_->port_in(false));
  }
  const std::uint64_t start = dpdk::tsc();
  floor_.run(deck_.packets(), Deck::size, ++floor_rounds_);
  return nanoseconds_each(dpdk::tsc() - start, Deck::size);
}

base::Result<void> Setup::check() const {
  const std::uint64_t transmitted = lines_->count(forward::Verdict::transmit);
  if (transmitted == sent_) return {};
  return base::Error{fmt::format("of {} packets only {} were transmitted: {}", sent_, transmitted, lines_->others())};
}

void Setup::describe(Report& report) const {
  const Plan& its = plan();
  const std::string size = options_.sizes.is_mixed() ? "imix" : fmt::format("{} bytes", options_.sizes.of(0));
  const double bytes = static_cast<double>(table_bytes_) / bed_->places();
  report.facts = {{"mode", options_.mode},
                  {"forwarding", service::to_string(its.forwarding)},
                  {"flows", its.flows},
                  {"services", its.services},
                  {"servers", its.servers},
                  {"scheduler", its.scheduler},
                  {"frame_bytes", rounded(options_.sizes.mean(), 1)},
                  {"burst", options_.burst},
                  {"workers", its.workers},
                  {"rounds", options_.rounds},
                  {"bytes_per_connection", rounded(bytes, 1)},
                  {"table_bytes", table_bytes_},
                  {"measured_packets", lines_->measured_packets()},
                  {"floor_packets", std::uint64_t{floor_rounds_} * Deck::size}};
  report.title = fmt::format(
      "{} flows to {} services of {} real servers ({}), {} a frame, bursts of {}, {} rounds of 16,384 packets",
      its.flows, its.services, its.servers, its.scheduler, size, options_.burst, options_.rounds);
  report.notes.push_back(fmt::format("{:.1f} bytes per connection: {:.1f} MB for {} places", bytes,
                                     static_cast<double>(table_bytes_) / 1e6, bed_->places()));
}

std::vector<Column> time_columns() {
  return {{"packets", "packets"}, {"ns_per_packet", "ns/packet"}, {"mean_ns", "mean"},
          {"floor_ns", "floor"},  {"ratio", "ratio", 2},          {"mpps", "Mpps/core"}};
}

void add_times(nlohmann::ordered_json& row, const Timing& timing, const Timing& floor, unsigned cores) {
  row["ns_per_packet"] = timing.best();
  row["mean_ns"] = timing.mean();
  row["floor_ns"] = floor.best();
  row["floor_mean_ns"] = floor.mean();
  row["ratio"] = timing.best() * cores / floor.best();
  row["mpps"] = 1000 / timing.best() / cores;
}

}  // namespace fairway::bench
