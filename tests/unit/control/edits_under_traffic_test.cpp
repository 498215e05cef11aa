// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "control/director.hpp"
#include "support/control.hpp"
#include "support/world.hpp"
#include "worker/scheduling.hpp"

using namespace fairway;
using namespace fairway::tests;
using forward::Verdict;

namespace {

constexpr unsigned workers = 2, edited = 4;  // servers that come and go; two more stay
constexpr std::uint32_t flows = 64;          // of each worker, opened before the first edit

std::string stays(unsigned number) { return site::server_address(1 + number); }
std::string comes_and_goes(unsigned number) { return site::server_address(3 + number); }

/// The real pipeline in a thread of its own, on packets that it makes itself: data of flows that it opened at first, and
/// ever new flows.
class Traffic {
 public:
  Traffic(worker::Crew& crew, const control::Director& director, unsigned number)
      : crew_(crew),
        number_(number),
        entries_(4096),
        connections_(make_connections(entries_, crew.lines(number), base::Stamp{})),
        context_{.services = director.table(),
                 .statuses = director.statuses(),
                 .lines = crew.lines(number),
                 .loads = crew.loads(),
                 .watch = &crew.watch(number),
                 .worker = number,
                 .workers = workers,
                 .now = base::Stamp{},
                 .routes = &routes_,
                 .answers = {}} {
    connections_.use_watch(crew.watch(number));
    crew.channel(number).drain(
        [&](const worker::ServiceChanged& change) { worker::follow(change, number, crew.watch(number)); });
    // Only flows that are its own: hand-over is not what is tested here.
    for (std::uint16_t number_of_port = 1024; number_of_port < 20'000; ++number_of_port)
      if (forward::owner_of(address(PacketSpec{}.source), port(number_of_port), workers) == number)
        ports_.push_back(number_of_port);
    for (std::uint32_t flow = 0; flow < flows; ++flow) {
      send(flow, tcp_syn);
      send(flow, tcp_ack);
    }
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    stop_ = true;
    thread_.join();
  }

  std::atomic<std::uint32_t> forbidden = service::no_server;  // acknowledged as removed
  service::Counter<std::uint64_t> lost, opened, opened_to_forbidden, refused;

 private:
  void run() {
    auto& channel = crew_.channel(number_);
    channel.set_asleep(false);
    for (std::uint32_t round = 0; !stop_; ++round) {
      channel.drain(
          [this](const worker::ServiceChanged& change) { worker::follow(change, number_, crew_.watch(number_)); });
      if (send(round % flows, tcp_ack) != Verdict::transmit) lost.add(1);
      open(flows + round % 5000);
      if (round % 32 == 31) {
        channel.set_asleep(true);
        std::this_thread::yield();
        channel.set_asleep(false);
      }
    }
    channel.set_asleep(true);
  }

  /// A new flow, ended at once, so that its tuple can open again.
  void open(std::uint32_t flow) {
    const std::uint32_t not_allowed = forbidden.load(std::memory_order_seq_cst);
    const Verdict verdict = send(flow, tcp_syn);
    if (verdict == Verdict::drop_server_gone) return;  // it was being removed just then; nothing was opened
    if (verdict != Verdict::transmit) return refused.add(1);
    const std::uint32_t slot = burst_.references[0].slot();
    const bool is_forbidden = connections_.hot(slot).server_id.value == not_allowed;
    if (is_forbidden && forbidden.load(std::memory_order_seq_cst) == not_allowed) opened_to_forbidden.add(1);
    opened.add(1);
    connections_.expire(slot);
    connections_.end_burst(context_.now, 0);
  }

  Verdict send(std::uint32_t flow, std::uint8_t flags) {
    const Frame frame(PacketSpec{.source_port = ports_[flow], .flags = flags});
    burst_.packets[0] = frame.view(site::outside);
    burst_.begin(1);
    forward::run(burst_, connections_, context_);
    connections_.end_burst(context_.now, 0);
    return burst_.verdicts[0];
  }

  worker::Crew& crew_;
  unsigned number_;
  route::Snapshot routes_ = site::routes();
  Entries entries_;
  Connections connections_;
  forward::Context context_;
  forward::Burst burst_;
  std::vector<std::uint16_t> ports_;  // of its flows
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

control::Command add(const std::string& server, std::uint32_t weight = 1) {
  return control::AddServer{key_of("192.0.2.1"), address(server), port(80), weight, {}};
}

}  // namespace

TEST_CASE("1,000 edits under traffic lose no connection and open none to a removed server") {
  const auto scheduler = GENERATE(as<std::string>{}, "rr", "wrr", "lc", "wlc");
  INFO(scheduler);
  worker::Crew crew(workers);
  test::Keeper keeper;
  control::Director director(crew, keeper);
  auto routes = std::make_shared<route::Snapshot>(site::routes());
  ++routes->wanted_generation;
  director.routes_changed(routes);
  const auto service = key_of("192.0.2.1");
  REQUIRE(director.apply(control::AddService{{.name = "web", .key = service, .scheduler = scheduler, .servers = {}}}));
  for (unsigned number = 0; number < 2; ++number) REQUIRE(director.apply(add(stays(number))));
  std::array<std::unique_ptr<Traffic>, workers> traffic;
  for (unsigned number = 0; number < workers; ++number)
    traffic[number] = std::make_unique<Traffic>(crew, director, number);
  for (const auto& one : traffic) one->start();

  std::mt19937 random(4711);
  for (unsigned edits = 0; edits < 250;) {
    const std::string server = comes_and_goes(static_cast<unsigned>(random() % edited));
    const auto weight = static_cast<std::uint32_t>(random() % 4);
    if (director.apply(add(server, weight))) {
      // Back again: it may be chosen from now on, before anybody is told so.
    } else if (random() % 2 == 0) {
      REQUIRE(director.apply(control::EditServer{service, address(server), port(80), weight, {}}));
    } else {
      const auto& servers = director.find(service)->servers;
      const auto id = std::find_if(servers.begin(), servers.end(), [&](const auto& one) {
                        return one.address == address(server);
                      })->id;
      REQUIRE(director.apply(control::DeleteServer{service, address(server), port(80)}));
      director.settle();
      for (const auto& one : traffic) one->forbidden.store(id.value, std::memory_order_seq_cst);
      std::this_thread::yield();
      for (const auto& one : traffic) one->forbidden.store(service::no_server, std::memory_order_seq_cst);
    }
    director.settle();
    ++edits;
  }
  for (const auto& one : traffic) one->stop();
  for (const auto& one : traffic) {
    CHECK(one->lost.get() == 0);
    CHECK(one->opened_to_forbidden.get() == 0);
    CHECK(one->opened.get() > 0);
    CHECK(one->refused.get() == 0);
  }
}
