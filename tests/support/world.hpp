// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "forward/pipeline.hpp"
#include "forward/upkeep.hpp"
#include "support/connections.hpp"
#include "support/services.hpp"
#include "support/site.hpp"

namespace fairway::tests {

/// What has become of a packet.
struct Outcome {
  forward::Verdict verdict{};
  net::PortId port;      // where it goes out
  Bytes frame;           // as it goes out, or stayed
  unsigned owner = 0;    // of to_other_worker
  net::Address waits{};  // of wait_for_neighbour

  Bytes ip() const { return {frame.begin() + 14, frame.end()}; }
};

/// One worker's part of a director.
class WorkerUnderTest {
 public:
  WorkerUnderTest(Services& services, conn::Templates& templates, unsigned number, std::uint32_t capacity,
                  base::Stamp now)
      : entries(capacity),
        connections(make_connections(entries, services.lines(number), now)),
        context{.services = services.table(),
                .statuses = services.statuses(),
                .lines = services.lines(number),
                .loads = services.loads(),
                .limits = services.limits(),
                .watch = &services.watch(number),
                .templates = &templates,
                .worker = number,
                .workers = services.workers(),
                .now = now,
                .answers = {}},
        template_share(templates.share_of(number, services.workers(), now)) {
    connections.use_templates(templates);
    connections.use_limits(services.limits(), services.loads());
    connections.use_watch(services.watch(number));
  }

  std::vector<Outcome> run(const std::vector<net::PacketView>& packets) {
    upkeep.run(connections, context, upkeep_budget);
    begin(packets);
    forward::run(*burst, connections, context);
    return end();
  }
  /// Packets that Linux sends by the twin of this port.
  std::vector<Outcome> run_from_kernel(const std::vector<net::PacketView>& packets) {
    begin(packets);
    forward::run_from_kernel(*burst, connections, context);
    return end();
  }

  static constexpr std::uint32_t upkeep_budget = 64;
  Entries entries;
  Connections connections;
  forward::Context context;
  conn::Templates::Share template_share;
  forward::Upkeep upkeep;
  std::unique_ptr<forward::Burst> burst;

 private:
  void begin(const std::vector<net::PacketView>& packets) {
    burst = std::make_unique<forward::Burst>();
    std::copy(packets.begin(), packets.end(), burst->packets.begin());
    burst->begin(static_cast<std::uint32_t>(packets.size()));
  }
  std::vector<Outcome> end() {
    std::vector<Outcome> outcomes;
    for (std::uint32_t i = 0; i < burst->count; ++i)
      outcomes.push_back({.verdict = burst->verdicts[i],
                          .port = burst->packets[i].port,
                          .frame = bytes_of(burst->packets[i]),
                          .owner = burst->owners[i],
                          .waits = burst->waits_for[i]});
    connections.end_burst(context.now, 0);
    return outcomes;
  }
};

/// A director of services in the network of site.hpp, without DPDK, devices or a clock.
class World {
 public:
  explicit World(unsigned workers = 1, std::uint32_t capacity = 1024) : services(workers) {
    services.resolve(routes);
    for (unsigned number = 0; number < workers; ++number)
      workers_.push_back(std::make_unique<WorkerUnderTest>(services, templates, number, capacity, now_));
  }

  /// A burst that comes in by one port.
  std::vector<Outcome> burst(const std::vector<PacketSpec>& specs, net::PortId in = site::outside,
                             unsigned worker = 0) {
    std::deque<Frame> frames;
    std::vector<net::PacketView> views;
    for (const PacketSpec& spec : specs) views.push_back(frames.emplace_back(spec).view(in));
    return run(views, worker);
  }
  Outcome send(const PacketSpec& spec, net::PortId in = site::outside, unsigned worker = 0) {
    return burst({spec}, in, worker).front();
  }
  Outcome send(const Frame& frame, net::PortId in = site::outside) { return run({frame.view(in)}, 0).front(); }
  std::vector<Outcome> run(const std::vector<net::PacketView>& packets, unsigned worker) {
    WorkerUnderTest& its = *workers_[worker];
    its.context.routes = &routes;
    return its.run(packets);
  }

  /// Packets that Linux sends by the twins of their ports.
  std::vector<Outcome> run_from_kernel(const std::vector<net::PacketView>& packets, unsigned worker) {
    WorkerUnderTest& its = *workers_[worker];
    its.context.routes = &routes;
    return its.run_from_kernel(packets);
  }

  /// Time passes on every worker, and what is due ends.
  void pass(std::uint64_t milliseconds) {
    now_ = base::later(now_, static_cast<std::uint32_t>(milliseconds));
    for (const auto& worker : workers_) {
      worker->context.now = now_;
      while (worker->upkeep.run(worker->connections, worker->context, WorkerUnderTest::upkeep_budget)) {}
      while (worker->connections.end_burst(now_, 1000)) {}
      while (templates.sweep(worker->template_share, now_, worker->context.lines)) {}
    }
  }

  /// As the worker does when control has told it: looked for at once, to the end.
  void server_deleted() {
    for (const auto& worker : workers_) worker->upkeep.server_deleted();
    pass(0);
  }
  void set(const service::Settings& settings) { services.table().put(settings); }

  WorkerUnderTest& worker(unsigned number = 0) { return *workers_[number]; }
  forward::Context& context() { return workers_[0]->context; }
  Connections& connections() { return workers_[0]->connections; }

  /// The connection of this packet's tuple; null if there is none.
  const conn::Hot* find(const PacketSpec& spec, unsigned number = 0) {
    const net::Tuple4 tuple{.source = ipv4(spec.source),
                            .destination = ipv4(spec.destination),
                            .source_port = port(spec.source_port),
                            .destination_port = port(spec.destination_port),
                            .protocol = spec.protocol};
    auto& table = workers_[number]->connections;
    const auto found = table.find(tuple, table.hash(tuple));
    return found ? &table.hot(found->slot()) : nullptr;
  }
  /// Whether anything of a connection's index, counts or entries is left.
  bool is_empty() {
    for (const auto& worker : workers_)
      if (worker->connections.counts().connections != 0 || worker->connections.keys() != 0) return false;
    return true;
  }

  route::Snapshot routes = site::routes();
  Services services;
  conn::Templates templates{1024, {{0x1234567890abcdef, 0xfedcba0987654321, 0x0f1e2d3c4b5a6978, 0x8796a5b4c3d2e1f0}}};

 private:
  base::Stamp now_{0xfffffff0u};  // the clock wraps at once
  std::vector<std::unique_ptr<WorkerUnderTest>> workers_;
};

/// The answer of a NAT server to this packet, as it arrives at the director.
inline PacketSpec reply_to(const PacketSpec& spec, std::string_view server, std::uint16_t server_port,
                           std::uint8_t flags = tcp_syn | tcp_ack) {
  PacketSpec reply = spec;
  reply.to_mac = std::string(site::inside_mac);
  reply.from_mac = "02:00:00:00:0a:01";
  reply.source = std::string(server);
  reply.source_port = server_port;
  reply.destination = spec.source;
  reply.destination_port = spec.source_port;
  reply.flags = flags;
  return reply;
}

}  // namespace fairway::tests
