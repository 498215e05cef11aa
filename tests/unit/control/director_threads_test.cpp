// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "control/director.hpp"
#include "support/control.hpp"

using namespace fairway;
using namespace fairway::control;
using fairway::test::key;
using fairway::test::port;

namespace {

constexpr std::uint32_t service_count = 8, server_count = 12;

net::Address server_address(std::uint32_t number) { return net::Ipv4Address(0xc0000200u + number); }

/// A worker without packets. It looks services up, opens a connection to one of their servers and ends it later, and
/// blames control if a server that it is told of is not what it should be. Settings and rules for marks are as a burst's
/// begin finds them until its end; these tests change two of the settings together, and make rules of one number.
class FakeWorker {
 public:
  FakeWorker(worker::Crew& crew, const Director& director, unsigned number)
      : crew_(crew), director_(director), number_(number), thread_([this] { run(); }) {}
  ~FakeWorker() { stop(); }

  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  std::uint64_t opened() const { return opened_.get(); }
  std::uint64_t wrong() const { return wrong_.get(); }

  /// A deleted server's id, by which no connection may be opened any more.
  std::atomic<std::uint32_t> forbidden = service::no_server;
  /// The timeout that was acknowledged last: nobody may go by one before it, in a burst that has begun earlier either.
  std::atomic<std::uint32_t> acknowledged = 0;

 private:
  void run() {
    auto& channel = crew_.channel(number_);
    for (std::uint32_t loop = 0; !stop_; ++loop) {
      channel.set_asleep(false);
      channel.drain([this](const worker::ServiceChanged& change) { hear(change); });
      const service::Settings& settings = director_.table().settings();
      const service::MarkRules& rules = director_.table().mark_rules();
      burst(loop);
      if (loop % 16 == 0) std::this_thread::yield();  // a long burst, in which control may get on
      if (!is_sound(settings, rules)) wrong_.add(1);
      if (loop % 64 == 63) {
        channel.set_asleep(true);
        std::this_thread::yield();
      }
    }
    channel.set_asleep(true);
  }

  void hear(const worker::ServiceChanged& change) {
    if (change.before && change.after && change.before->key != change.after->key) wrong_.add(1);
    for (const auto* version : {change.before, change.after})
      if (version && version->life->states.size() != crew_.size()) wrong_.add(1);
  }

  bool is_sound(const service::Settings& settings, const service::MarkRules& rules) const {
    return settings.tcp_timeout >= acknowledged.load(std::memory_order_seq_cst) &&
           settings.tcp_timeout == settings.udp_timeout &&
           std::all_of(rules.rules().begin(), rules.rules().end(),
                       [](const service::MarkRule& rule) { return rule.mark == rule.destination_ports.low; });
  }

  void burst(std::uint32_t loop) {
    const std::uint32_t not_allowed = forbidden.load(std::memory_order_seq_cst);
    const auto* service = director_.table().find(service::endpoint_of(key(1 + loop % service_count)));
    if (!service || service->servers.empty()) return;
    const auto& server = service->servers[loop % service->servers.size()];
    if (!director_.statuses()[server.id.value].get().available) return;
    // It may have been added again meanwhile, but then it is not forbidden any more.
    if (server.id.value == not_allowed && forbidden.load(std::memory_order_seq_cst) == not_allowed) wrong_.add(1);
    service::ServerLine& line = crew_.lines(number_)[server.id.value];
    line.active.add(1);
    line.connections.add(1);
    opened_.add(1);
    line.active.subtract(1);
  }

  worker::Crew& crew_;
  const Director& director_;
  unsigned number_;
  service::Counter<std::uint64_t> opened_, wrong_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

EditSettings timeouts(std::uint32_t seconds) {
  return {{{service::find_setting("tcp_timeout"), seconds}, {service::find_setting("udp_timeout"), seconds}}};
}

service::MarkRule rule(std::uint16_t number) { return {.mark = number, .destination_ports = {number, 65535}}; }

/// Any command for any of a few services and servers; most of them are possible.
Command random_command(std::mt19937& random) {
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  const auto service = key(1 + below(service_count));
  const auto server = server_address(below(server_count));
  switch (below(15)) {
    case 12: return timeouts(1 + below(1000));
    case 13: return AddMark{.rule = rule(static_cast<std::uint16_t>(1 + below(100))), .position = 1};
    case 14: return DeleteMark{{.mark = 1 + below(100)}};
    case 0: return AddService{{.name = "s", .key = service, .scheduler = "wrr", .servers = {{server, port(80)}}}};
    case 1: return DeleteService{service};
    case 2: return EditService{service, {}, below(2) ? "wlc" : "rr", {}, {}, {}};
    case 3:
    case 4:
    case 5:
    case 6: return AddServer{service, server, port(80), below(4), {}};
    case 7:
    case 8: return DeleteServer{service, server, port(80)};
    default: return EditServer{service, server, port(80), below(4), {}};
  }
}

}  // namespace

TEST_CASE("10,000 edits beside two workers") {
  worker::Crew crew(2);
  test::Keeper keeper;
  Director director(crew, keeper);
  for (std::uint32_t i = 1; i <= service_count; ++i)
    REQUIRE(director.apply(AddService{{.name = "s", .key = key(i), .servers = {}}}));
  REQUIRE(director.apply(timeouts(1)));
  FakeWorker first(crew, director, 0), second(crew, director, 1);

  std::mt19937 random(4711);
  std::size_t done = 0, freed = 0, unfreed_versions = 0;
  Servers::Time now{};
  while (done < 10'000) {
    if (director.apply(random_command(random))) ++done;
    director.settle();
    unfreed_versions = std::max(unfreed_versions, crew.uncollected());
    if (done % 50 != 0) continue;
    // So that ids are freed and used again under the workers' eyes.
    const auto known = director.servers().count();
    director.sweep(now += std::chrono::seconds(60));
    freed += known - director.servers().count();
  }
  first.stop();
  second.stop();
  CHECK(freed > 0);
  CHECK(unfreed_versions < 2000);
  CHECK(first.wrong() + second.wrong() == 0);
  CHECK(first.opened() + second.opened() > 0);
  // Not one count was lost or written to a server that had taken over the id.
  CHECK(director.servers().total().connections == first.opened() + second.opened());
}

TEST_CASE("no connection is opened to a server after its removal was acknowledged") {
  worker::Crew crew(2);
  test::Keeper keeper;
  Director director(crew, keeper);
  REQUIRE(director.apply(AddService{{.name = "s", .key = key(1), .servers = {{server_address(0), port(80)}}}}));
  REQUIRE(director.apply(timeouts(1)));
  FakeWorker first(crew, director, 0), second(crew, director, 1);
  for (std::uint32_t round = 0; round < 2'000; ++round) {
    const auto server = server_address(1 + round % server_count);
    REQUIRE(director.apply(AddServer{key(1), server, port(80), 1, {}}));
    director.settle();
    const auto id = director.find(key(1))->servers.front().id;
    REQUIRE(director.apply(DeleteServer{key(1), server, port(80)}));
    director.settle();
    for (FakeWorker* worker : {&first, &second}) worker->forbidden = id.value;
    const auto opened = first.opened() + second.opened();
    if (round % 50 == 0)
      while (first.opened() + second.opened() < opened + 16) std::this_thread::yield();
    for (FakeWorker* worker : {&first, &second}) worker->forbidden = service::no_server;
  }
  CHECK(first.wrong() + second.wrong() == 0);
}

TEST_CASE("no worker goes by settings after others were acknowledged") {
  worker::Crew crew(2);
  test::Keeper keeper;
  Director director(crew, keeper);
  REQUIRE(director.apply(timeouts(1)));
  FakeWorker first(crew, director, 0), second(crew, director, 1);
  for (std::uint32_t seconds = 2; seconds < 5'000; ++seconds) {
    REQUIRE(director.apply(timeouts(seconds)));
    director.settle();
    for (FakeWorker* worker : {&first, &second}) worker->acknowledged = seconds;
  }
  CHECK(first.wrong() + second.wrong() == 0);
}
