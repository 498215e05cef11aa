// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/bed.hpp"

#include <algorithm>

#include "fairway-bench/deck.hpp"
#include "worker/scheduling.hpp"

namespace fairway::bench {
namespace {

net::MacAddress mac_of_server(std::uint32_t server) {
  return {{0x02, 1, 0, static_cast<std::uint8_t>(server >> 16), static_cast<std::uint8_t>(server >> 8),
           static_cast<std::uint8_t>(server)}};
}

service::ServiceSpec spec_of(const Plan& plan, std::uint32_t service) {
  service::ServiceSpec spec{
      .name = "service-" + std::to_string(service),
      .key = {.protocol = net::Protocol::tcp, .address = virtual_address(service), .port = service_port},
      .scheduler = plan.scheduler,
      .forwarding = plan.forwarding,
      .servers = {}};
  for (std::uint32_t i = 0; i < plan.servers; ++i)
    spec.servers.push_back({.address = server_address(plan.address_of(service, i)),
                            .port = service_port,
                            .weight = plan.weight_of(i),
                            .forwarding = plan.forwarding});
  return spec;
}

/// Flows are not spread evenly over several workers, those of clients in a row least of all, as the steering hash is linear.
std::uint32_t places_of_a_worker(const Plan& plan) {
  if (plan.workers == 1) return plan.table_places();
  std::vector<std::uint64_t> flows(plan.workers);
  for (std::uint32_t flow = 0; flow < plan.flows; ++flow) {
    const net::Tuple4 tuple = client_tuple(plan, flow);
    ++flows[forward::owner_of(tuple.source, tuple.source_port, plan.workers)];
  }
  const std::uint64_t most = *std::max_element(flows.begin(), flows.end());
  return static_cast<std::uint32_t>(most * plan.table_places() / plan.flows) + 1024;
}

}  // namespace

Bed::Bed(const Plan& plan) : plan_(plan), places_of_a_worker_(places_of_a_worker(plan)), crew_(plan.workers) {}

std::size_t Bed::table_bytes(const Plan& plan) {
  return plan.workers * worker::table_memory({.ipv4 = places_of_a_worker(plan)}).total();
}

base::Result<std::unique_ptr<Bed>> Bed::create(const Plan& plan) {
  std::unique_ptr<Bed> bed(new Bed(plan));
  if (auto added = bed->add_services(); !added) return added.error();
  bed->publish_routes();
  for (unsigned worker = 0; worker < plan.workers; ++worker)
    if (auto added = bed->add_seat(worker); !added) return added.error();
  return bed;
}

base::Result<void> Bed::add_seat(unsigned worker) {
  const worker::TableSize size{.ipv4 = places_of_a_worker_};
  auto table = worker::make_connection_table(size, -1, crew_.lines(worker), dpdk::Clock().now());
  if (!table) return table.error();
  seats_.push_back(std::unique_ptr<Seat>(new Seat{.table = std::move(*table),
                                                  .context = {.services = director_.table(),
                                                              .statuses = director_.statuses(),
                                                              .lines = crew_.lines(worker),
                                                              .loads = crew_.loads(),
                                                              .limits = crew_.limits(),
                                                              .watch = &crew_.watch(worker),
                                                              .worker = worker,
                                                              .workers = plan_.workers,
                                                              .now = {},
                                                              .routes = routes_.get(),
                                                              .answers = {}}}));
  connections(worker).use_limits(crew_.limits(), crew_.loads());
  connections(worker).use_watch(crew_.watch(worker));
  return {};
}

std::uint64_t Bed::connections_now() {
  std::uint64_t sum = 0;
  for (const auto& seat : seats_) sum += seat->table.connections.counts().connections;
  return sum;
}

std::uint64_t Bed::expired() {
  std::uint64_t sum = 0;
  for (const auto& seat : seats_) sum += seat->table.connections.counts().expired;
  return sum;
}

base::Result<void> Bed::add_services() {
  for (std::uint32_t i = 0; i < plan_.services; ++i) {
    if (auto added = director_.apply(control::AddService{spec_of(plan_, i)}); !added) return added;
    for (unsigned worker = 0; worker < plan_.workers; ++worker)
      crew_.channel(worker).drain(
          [&](const worker::ServiceChanged& change) { worker::follow(change, worker, crew_.watch(worker)); });
  }
  director_.settle();
  return {};
}

// Clients by a router, servers on the link, each its own next hop. Links carry what TUN adds to the largest frame.
void Bed::publish_routes() {
  constexpr std::uint16_t mtu = 1500 + sizeof(net::Ipv4Header);
  const auto add_hop = [&](net::PortId port, const net::MacAddress& mac) {
    route::NextHop hop;
    route::set_header(hop, mac, director_mac, route::no_vlan);
    hop.resolved = true;
    hop.port = port;
    hop.mtu = mtu;
    hop.source = net::Ipv4Address(0xc0a80001);
    routes_->next_hops.push_back(hop);
    return route::NextHopId{static_cast<std::uint32_t>(routes_->next_hops.size() - 1)};
  };
  const route::NextHopId router = add_hop(outside, {{0x02, 0, 0, 0, 0, 0xfe}});
  for (std::uint32_t i = 0; i < plan_.address_count(); ++i)
    routes_->set_on_link(inside, route::no_vlan, server_address(i), add_hop(inside, mac_of_server(i)));
  routes_->set_routes(
      {{.destination = {net::Ipv4Address(), 0}, .paths = {{.port = outside, .on_link = false, .gateway = router}}},
       {.destination = {server_address(0), 12}, .paths = {{.port = inside, .on_link = true}}}});
  for (const char* name : {"outside", "inside"})
    routes_->ports.push_back({.name = name, .macs = {director_mac}, .local = {}});
  ++routes_->wanted_generation;  // servers have to be looked up in it
  director_.routes_changed(routes_);
}

}  // namespace fairway::bench
