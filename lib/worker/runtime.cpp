// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/runtime.hpp"

#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>

namespace fairway::worker {
namespace {

using Index4 = dpdk::HashIndex<net::Tuple4, conn::Reference>;
using Index6 = dpdk::HashIndex<net::Tuple6, conn::Reference>;

constexpr std::uint32_t ring_packets = 1024;
constexpr std::uint32_t least_connections = 64;

/// A NAT connection has two keys, and an index needs as much room again to take new ones cheaply.
constexpr std::uint32_t keys_for(std::uint32_t connections) { return std::max<std::uint32_t>(8, 3 * connections); }

base::Result<conn::HashKey> draw_hash_key() {
  conn::HashKey key;
  if (getrandom(&key, sizeof key, 0) != sizeof key) return base::Error{"no random numbers from the kernel"};
  return key;
}

base::Result<std::unique_ptr<dpdk::Ring>> make_ring() {
  auto ring = dpdk::Ring::create(ring_packets, -1);
  if (!ring) return ring.error();
  return std::make_unique<dpdk::Ring>(std::move(*ring));
}

}  // namespace

struct Runtime::TableParts {
  dpdk::Array<conn::Hot> hot;
  dpdk::Array<conn::Cold> cold;
  dpdk::Array<std::uint32_t> free;
};

std::uint32_t connections_of_worker(std::uint32_t connections, unsigned workers) {
  const std::uint32_t share = (connections + workers - 1) / workers;
  return std::max(least_connections, workers == 1 ? share : share + share / 8);
}

TableMemory table_memory(const RuntimeSettings& settings, unsigned workers) {
  const std::uint32_t ipv4 = connections_of_worker(settings.connections, workers);
  const std::uint32_t ipv6 = settings.connections_ipv6 ? connections_of_worker(settings.connections_ipv6, workers) : 0;
  const std::size_t entry = sizeof(conn::Hot) + sizeof(conn::Cold) + sizeof(std::uint32_t);
  return {.entries = workers * (std::size_t{ipv4} + ipv6) * entry,
          .indexes = workers * (Index4::bytes_for(keys_for(ipv4)) + Index6::bytes_for(keys_for(ipv6)))};
}

Runtime::Runtime(dpdk::Eal& eal, Crew& crew, const service::Table& services, const service::ServerStatus* statuses,
                 const route::Snapshot& routes)
    : eal_(eal),
      crew_(crew),
      shared_{.services = services,
              .statuses = statuses,
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
  std::unique_ptr<Runtime> runtime(new Runtime(eal, crew, services, statuses, routes));
  if (auto made = runtime->make_rings(); !made) return made.error();
  for (unsigned worker = 0; worker < crew.size(); ++worker) {
    auto table = runtime->make_table(settings, worker);
    if (!table) return base::Error{"the connection table: " + table.error().message};
    runtime->workers_.push_back(std::make_unique<Worker>(worker, std::move(*table), runtime->links_of(worker, ports),
                                                         runtime->shared_, crew, settings.idle));
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

base::Result<Connections> Runtime::make_table(const RuntimeSettings& settings, unsigned worker) {
  const int socket = eal_.socket(worker);
  const std::uint32_t ipv4 = connections_of_worker(settings.connections, crew_.size());
  const std::uint32_t ipv6 =
      settings.connections_ipv6 ? connections_of_worker(settings.connections_ipv6, crew_.size()) : 0;
  auto hot = dpdk::Array<conn::Hot>::create(std::size_t{ipv4} + ipv6, socket);
  auto cold = dpdk::Array<conn::Cold>::create(std::size_t{ipv4} + ipv6, socket);
  auto free = dpdk::Array<std::uint32_t>::create(std::size_t{ipv4} + ipv6, socket);
  auto index4 = Index4::create(keys_for(ipv4), socket);
  auto index6 = Index6::create(keys_for(ipv6), socket);
  const auto key = draw_hash_key();
  if (!hot) return hot.error();
  if (!cold) return cold.error();
  if (!free) return free.error();
  if (!index4) return index4.error();
  if (!index6) return index6.error();
  if (!key) return key.error();
  tables_.push_back(std::make_unique<TableParts>(
      TableParts{.hot = std::move(*hot), .cold = std::move(*cold), .free = std::move(*free)}));
  TableParts& parts = *tables_.back();
  const conn::Storage storage{.hot = {parts.hot.data(), parts.hot.size()},
                              .cold = {parts.cold.data(), parts.cold.size()},
                              .free = {parts.free.data(), parts.free.size()}};
  return Connections(storage, std::move(*index4), std::move(*index6), *key, crew_.lines(worker), conn::Timeouts{},
                     dpdk::Clock().now());
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
    for (const auto& from : from_lane_) links.transmit_for.push_back(from.get());
  for (std::size_t i = 0; i < traffic_class_count; ++i) links.to_kernel[i] = to_lane_[worker][i].get();
  return links;
}

void Runtime::make_lane(const RuntimeSettings& settings, const std::vector<PortWiring>& ports, dpdk::Pool& pool) {
  std::vector<std::unique_ptr<Twin>> twins;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].twin_descriptor < 0) continue;
    twins.push_back(std::make_unique<Twin>());
    twins.back()->port = {static_cast<std::uint16_t>(i)};
    twins.back()->descriptor = ports[i].twin_descriptor;
  }
  std::vector<LaneRings> from_workers;
  for (const auto& rings : to_lane_) from_workers.push_back({rings[0].get(), rings[1].get()});
  lane_ = std::make_unique<Lane>(Lane::Settings{.packets_per_second = settings.kernel_packets_per_second},
                                 std::move(twins), std::move(from_workers),
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
