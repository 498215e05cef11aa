// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-bench/bed.hpp"

#include "fairway-bench/deck.hpp"
#include "worker/scheduling.hpp"

namespace fairway::bench {
namespace {

/// Room for the flows and an eighth more, as the floor has it.
worker::TableSize size_for(const Plan& plan) { return {.ipv4 = plan.flows + plan.flows / 8 + 64}; }

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
    spec.servers.push_back({.address = server_address(service * plan.servers + i),
                            .port = service_port,
                            .weight = plan.weight_of(i),
                            .forwarding = plan.forwarding});
  return spec;
}

}  // namespace

std::size_t Bed::table_bytes(const Plan& plan) { return worker::table_memory(size_for(plan)).total(); }

base::Result<std::unique_ptr<Bed>> Bed::create(const Plan& plan) {
  std::unique_ptr<Bed> bed(new Bed(plan));
  if (auto added = bed->add_services(); !added) return added.error();
  bed->publish_routes();
  auto table = worker::make_connection_table(size_for(plan), -1, bed->crew_.lines(0), dpdk::Clock().now());
  if (!table) return table.error();
  bed->table_.emplace(std::move(*table));
  bed->table_->connections.use_watch(bed->crew_.watch(0));
  return bed;
}

Bed::Bed(const Plan& plan)
    : plan_(plan),
      context_{.services = director_.table(),
               .statuses = director_.statuses(),
               .lines = crew_.lines(0),
               .loads = crew_.loads(),
               .watch = &crew_.watch(0),
               .now = {},
               .routes = routes_.get(),
               .answers = {}} {}

base::Result<void> Bed::add_services() {
  for (std::uint32_t i = 0; i < plan_.services; ++i) {
    if (auto added = director_.apply(control::AddService{spec_of(plan_, i)}); !added) return added;
    crew_.channel(0).drain([&](const worker::ServiceChanged& change) { worker::follow(change, 0, crew_.watch(0)); });
  }
  director_.settle();
  return {};
}

// Clients by a router, servers on the link, each its own next hop.
void Bed::publish_routes() {
  const auto add_hop = [&](net::PortId port, const net::MacAddress& mac) {
    route::NextHop hop;
    route::set_header(hop, mac, director_mac, route::no_vlan);
    hop.resolved = true;
    hop.port = port;
    hop.source = net::Ipv4Address(0xc0a80001);
    routes_->next_hops.push_back(hop);
    return route::NextHopId{static_cast<std::uint32_t>(routes_->next_hops.size() - 1)};
  };
  const route::NextHopId router = add_hop(outside, {{0x02, 0, 0, 0, 0, 0xfe}});
  for (std::uint32_t i = 0; i < plan_.server_count(); ++i)
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
