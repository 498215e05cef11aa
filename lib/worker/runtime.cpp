// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/runtime.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace fairway::worker {
namespace {

constexpr std::uint32_t ring_packets = 1024;
constexpr std::uint32_t least_connections = 64;
constexpr std::uint32_t connections_per_template = 4;  // of persistent services; a browser opens more

base::Result<std::unique_ptr<dpdk::Ring>> make_ring() {
  auto ring = dpdk::Ring::create(ring_packets, -1);
  if (!ring) return ring.error();
  return std::make_unique<dpdk::Ring>(std::move(*ring));
}

}  // namespace

std::uint32_t connections_of_worker(std::uint32_t connections, unsigned workers) {
  const std::uint32_t share = (connections + workers - 1) / workers;
  return std::max(least_connections, workers == 1 ? share : share + share / 8);
}

TableSize table_size(const RuntimeSettings& settings, unsigned workers) {
  return {.ipv4 = connections_of_worker(settings.connections, workers),
          .ipv6 = settings.connections_ipv6 ? connections_of_worker(settings.connections_ipv6, workers) : 0};
}

TableMemory table_memory(const RuntimeSettings& settings, unsigned workers) {
  const TableMemory one = table_memory(table_size(settings, workers));
  return {.entries = workers * one.entries, .index = workers * one.index};
}

Runtime::Runtime(const RuntimeSettings& settings, const conn::HashKey& template_key, dpdk::Eal& eal, Crew& crew,
                 const service::Table& services, const service::ServerStatus* statuses, const route::Snapshot& routes)
    : eal_(eal),
      crew_(crew),
      templates_(settings.connections / connections_per_template, template_key),
      shared_{.services = services,
              .statuses = statuses,
              .templates = templates_,
              .routes = &routes,
              .lane_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
              .control_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {}

Runtime::~Runtime() {
  stop();
  close(shared_.lane_descriptor);
  close(shared_.control_descriptor);
}

base::Result<std::unique_ptr<Runtime>> Runtime::create(const RuntimeSettings& settings, dpdk::Eal& eal,
                                                       dpdk::Pool& pool, const std::vector<PortWiring>& ports,
                                                       Crew& crew, const service::Table& services,
                                                       const service::ServerStatus* statuses,
                                                       const route::Snapshot& routes) {
  const auto template_key = draw_hash_key();
  if (!template_key) return template_key.error();
  std::unique_ptr<Runtime> runtime(new Runtime(settings, *template_key, eal, crew, services, statuses, routes));
  if (auto made = runtime->make_rings(); !made) return made.error();
  for (unsigned worker = 0; worker < crew.size(); ++worker) {
    auto table = make_connection_table(table_size(settings, crew.size()), eal.socket(worker), crew.lines(worker),
                                       dpdk::Clock().now());
    if (!table) return base::Error{"the connection table: " + table.error().message};
    runtime->tables_.push_back(std::move(table->storage));
    runtime->workers_.push_back(std::make_unique<Worker>(worker, std::move(table->connections),
                                                         runtime->links_of(worker, ports), runtime->shared_, crew,
                                                         settings.idle));
  }
  runtime->make_lane(settings, ports, pool);
  return runtime;
}

base::Result<void> Runtime::make_rings() {
  const unsigned workers = crew_.size();
  const auto fill = [](std::unique_ptr<dpdk::Ring>& place) -> base::Result<void> {
    auto ring = make_ring();
    if (!ring) return ring.error();
    place = std::move(*ring);
    return {};
  };
  hand_over_.resize(std::size_t{workers} * workers);
  transmit_.resize(std::size_t{workers} * workers);
  to_lane_.resize(workers);
  for (unsigned from = 0; from < workers; ++from) {
    for (unsigned to = 0; to < workers; ++to)
      for (auto* rings : {&hand_over_, &transmit_})
        if (from != to)
          if (auto made = fill((*rings)[std::size_t{from} * workers + to]); !made) return made;
    for (auto& ring : to_lane_[from])
      if (auto made = fill(ring); !made) return made;
  }
  for (auto& ring : from_lane_)
    if (auto made = fill(ring); !made) return made;
  return {};
}

dpdk::Ring* Runtime::ring(const std::vector<std::unique_ptr<dpdk::Ring>>& rings, unsigned from, unsigned to) const {
  return rings[std::size_t{from} * crew_.size() + to].get();
}

Links Runtime::links_of(unsigned worker, const std::vector<PortWiring>& ports) const {
  const unsigned workers = crew_.size();
  Links links;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    dpdk::Port* port = ports[i].port;
    const net::PortId id{static_cast<std::uint16_t>(i)};
    for (std::uint16_t queue = 0; queue < port->receive_queues(); ++queue)
      if (queue % workers == worker) links.receive.push_back({.port = port, .id = id, .queue = queue});
    // A worker without a queue of its own hands its packets to the first, which has queue 0 of every port.
    const bool has_queue = worker < port->transmit_queues();
    links.transmit.push_back(
        {.port = port, .queue = static_cast<std::uint16_t>(has_queue ? worker : 0), .via = has_queue ? worker : 0});
    links.faces.push_back(port->faces());
    links.has_twin.push_back(ports[i].twin_descriptor >= 0);
    if (links.port_of_device.size() <= port->number()) links.port_of_device.resize(port->number() + 1u);
    links.port_of_device[port->number()] = id;
  }
  for (unsigned other = 0; other < workers; ++other) {
    links.hand_over_to.push_back(ring(hand_over_, worker, other));
    links.hand_over_from.push_back(ring(hand_over_, other, worker));
    links.transmit_via.push_back(ring(transmit_, worker, other));
    links.transmit_for.push_back(ring(transmit_, other, worker));
  }
  if (worker == 0)
    for (const auto& from : from_lane_) links.from_kernel.push_back(from.get());
  for (std::size_t i = 0; i < traffic_class_count; ++i) links.to_kernel[i] = to_lane_[worker][i].get();
  return links;
}

void Runtime::make_lane(const RuntimeSettings& settings, const std::vector<PortWiring>& ports, dpdk::Pool& pool) {
  std::vector<std::unique_ptr<Twin>> twins;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].twin_descriptor < 0) continue;
    const base::RateCap cap(settings.kernel_packets_per_second);
    twins.push_back(std::unique_ptr<Twin>(new Twin{.port = {static_cast<std::uint16_t>(i)},
                                                   .descriptor = ports[i].twin_descriptor,
                                                   .vlan = ports[i].twin_vlan,
                                                   .to_kernel_cap = cap,
                                                   .from_kernel_cap = cap,
                                                   .to_kernel = {},
                                                   .from_kernel = {}}));
  }
  std::vector<LaneRings> from_workers;
  for (const auto& rings : to_lane_) from_workers.push_back({rings[0].get(), rings[1].get()});
  lane_ = std::make_unique<Lane>(std::move(twins), std::move(from_workers),
                                 LaneRings{from_lane_[0].get(), from_lane_[1].get()}, crew_.channel(0), pool, shared_);
}

base::Result<void> Runtime::start() {
  for (unsigned worker = 0; worker < workers_.size(); ++worker)
    if (auto launched = eal_.launch(worker, [this, worker] { workers_[worker]->run(); }); !launched) {
      stop();
      return launched;
    }
  return {};
}

void Runtime::open() {
  shared_.open.store(true);
  lane_->start();
  for (unsigned worker = 0; worker < crew_.size(); ++worker) crew_.channel(worker).wake();
}

void Runtime::stop() {
  if (shared_.stop.exchange(true)) return;
  for (unsigned worker = 0; worker < crew_.size(); ++worker) crew_.channel(worker).wake();
  eal_.join();
  if (lane_) lane_->stop();
}

}  // namespace fairway::worker
