// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <barrier>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "support/connections.hpp"

/// What workers share when they open and end connections: templates, and the thresholds of servers.
using namespace fairway;
using namespace fairway::tests;

namespace {

constexpr unsigned workers = 4;
constexpr service::ServerId server_id{3};
constexpr base::Stamp now{1000};

template <class F>
void on_all_workers(F&& f) {
  std::vector<std::thread> threads;
  for (unsigned worker = 0; worker < workers; ++worker) threads.emplace_back([&f, worker] { f(worker); });
  for (std::thread& thread : threads) thread.join();
}

/// Tables of several workers, with one server that has thresholds.
struct Crowd {
  Crowd() {
    for (unsigned worker = 0; worker < workers; ++worker) {
      lines.push_back(std::make_unique<service::ServerLine[]>(8));
      pointers.push_back(lines.back().get());
      entries.push_back(std::make_unique<Entries>(1024));
    }
    for (unsigned worker = 0; worker < workers; ++worker) {
      tables.push_back(std::make_unique<Connections>(make_connections(*entries[worker], lines[worker].get(), now)));
      tables.back()->use_limits(limits.get(), service::Loads(pointers, limits.get()));
    }
    server.id = server_id;
    server.address = net::Ipv4Address(0x0a000001u);
    server.forwarding = service::Forwarding::dr;
  }

  service::Loads loads() const { return service::Loads(pointers, limits.get()); }
  bool takes_connections() const { return !loads().is_overloaded(server_id); }
  std::uint32_t open(unsigned worker, std::uint16_t number) {
    const net::Tuple4 tuple{.source = net::Ipv4Address(0xc6336400u + worker),
                            .destination = net::Ipv4Address(0xc0000201u),
                            .source_port = net::ServicePort(number),
                            .destination_port = net::ServicePort(80),
                            .protocol = net::Protocol::tcp};
    return tables[worker]
        ->open({.tuple = tuple, .server = server, .server_port = net::ServicePort(80), .service = {1}},
               tables[worker]->hash(tuple), now)
        .slot;
  }

  std::unique_ptr<service::ServerLimits[]> limits = std::make_unique<service::ServerLimits[]>(8);
  std::vector<std::unique_ptr<service::ServerLine[]>> lines;
  std::vector<const service::ServerLine*> pointers;
  std::vector<std::unique_ptr<Entries>> entries;
  std::vector<std::unique_ptr<Connections>> tables;
  service::Server server;
};

}  // namespace

TEST_CASE("the first connections of a client on several workers at once get one server") {
  conn::Templates templates(4096, {{0x1234567890abcdef, 0xfedcba0987654321, 0x0f1e2d3c4b5a6978, 0x8796a5b4c3d2e1f0}});
  constexpr std::uint32_t clients = 2000;
  std::vector<service::Server> servers(workers);
  std::vector<std::unique_ptr<service::ServerLine[]>> lines;
  for (unsigned worker = 0; worker < workers; ++worker) {
    servers[worker].id = {worker};
    lines.push_back(std::make_unique<service::ServerLine[]>(workers));
  }
  std::vector<std::vector<std::uint32_t>> served(workers, std::vector<std::uint32_t>(clients));
  on_all_workers([&](unsigned worker) {
    for (std::uint32_t client = 0; client < clients; ++client) {
      const auto binding = templates.bind(
          {.client = net::AddressBytes(net::Ipv4Address(client)),
           .virtual_address = {},
           .virtual_port = net::ServicePort(80),
           .protocol = net::Protocol::tcp},
          300, now, lines[worker].get(), [&](service::ServerId id) { return &servers[id.value]; },
          [&] { return &servers[worker]; });
      served[worker][client] = binding.handle == 0 ? workers : binding.server->id.value;
      if (binding.handle != 0) templates.release(binding.handle, now);
    }
  });
  std::uint32_t counted = 0, bound = 0;
  for (unsigned id = 0; id < workers; ++id)
    for (const auto& of_worker : lines) counted += of_worker[id].persistent.get();
  for (std::uint32_t client = 0; client < clients; ++client) {
    if (served[0][client] == workers) continue;  // there was no room
    ++bound;
    for (unsigned worker = 1; worker < workers; ++worker) REQUIRE(served[worker][client] == served[0][client]);
  }
  CHECK(bound > clients * 9 / 10);
  CHECK(counted == bound);
}

TEST_CASE("workers that choose at once go beyond a threshold by one each at most") {
  Crowd crowd;
  constexpr std::uint32_t most = 10;
  crowd.limits[server_id.value].set(most, 0);
  for (std::uint16_t number = 0; number + 1u < most; ++number) crowd.open(number % workers, number);
  REQUIRE(crowd.takes_connections());  // so all of them choose it, and then they open
  for (unsigned worker = 0; worker < workers; ++worker) crowd.open(worker, 1000);
  CHECK_FALSE(crowd.takes_connections());
  CHECK(crowd.loads().total(server_id) == most + workers - 1);
}

TEST_CASE("threads go beyond a threshold by one each but one at most, and come back below it") {
  Crowd crowd;
  constexpr std::uint32_t most = 50;
  auto& limits = crowd.limits[server_id.value];
  limits.set(most, 0);
  std::uint32_t largest = 0;
  bool always_reopened = true;
  const auto look = [&]() noexcept {
    largest = std::max(largest, crowd.loads().total(server_id));
    always_reopened = always_reopened && (!limits.is_overloaded() || 4 * crowd.loads().total(server_id) >= 3 * most);
  };
  std::barrier all_are_done(workers, look);
  on_all_workers([&](unsigned worker) {
    std::mt19937 random(worker);
    std::vector<std::uint32_t> slots;
    std::uint16_t number = 0;
    for (int round = 0; round < 500; ++round) {
      while (crowd.takes_connections()) slots.push_back(crowd.open(worker, ++number));
      all_are_done.arrive_and_wait();
      // Some end while others already open again.
      for (std::size_t ends = random() % (slots.size() + 1); ends > 0; --ends) {
        crowd.tables[worker]->expire(slots.back());
        slots.pop_back();
        if (random() % 4 == 0 && crowd.takes_connections()) slots.push_back(crowd.open(worker, ++number));
      }
      crowd.tables[worker]->end_burst(now, 0);
      all_are_done.arrive_and_wait();
    }
  });
  CHECK(largest >= most);
  CHECK(largest <= most + workers - 1);
  CHECK(always_reopened);
}
