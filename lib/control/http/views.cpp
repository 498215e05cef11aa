// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/views.hpp"

#include <nlohmann/json.hpp>

#include "conn/state.hpp"
#include "control/json_values.hpp"
#include "forward/verdict.hpp"
#include "sched/scheduler.hpp"

namespace fairway::control::http {
namespace {

void add(View& view, const Statistics& statistics) {
  view["connections"] = statistics.connections;
  view["in_packets"] = statistics.in_packets;
  view["out_packets"] = statistics.out_packets;
  view["in_bytes"] = statistics.in_bytes;
  view["out_bytes"] = statistics.out_bytes;
}

void add(View& view, const Statistics& statistics, const Rates& rates) {
  add(view, statistics);
  View& per_second = view["per_second"] = View::object();
  add(per_second, rates);
}

View server_view(const Servers& servers, const service::Server& server) {
  const auto [active, inactive, persistent] = servers.connections(server.id);
  View view{{"address", net::to_string(server.address)},
            {"port", server.port.host()},
            {"weight", server.weight},
            {"forwarding", service::to_string(server.forwarding)},
            {"upper_threshold", server.upper_threshold},
            {"lower_threshold", server.lower_threshold},
            {"overloaded", servers.is_overloaded(server.id)},
            {"active", active},
            {"inactive", inactive},
            {"persistent", persistent}};
  add(view, servers.statistics(server.id), servers.rates(server.id));
  return view;
}

template <class Count>
View verdicts_view(Count&& count) {
  View view = View::object();
  for (std::size_t i = 0; i < forward::verdict_count; ++i) view[std::string(forward::verdicts[i].name)] = count(i);
  return view;
}

/// Nanoseconds.
View span_view(const worker::Histogram::Counts& counts) {
  return {{"count", counts.total()},
          {"median", counts.quantile(500)},
          {"p99", counts.quantile(990)},
          {"p999", counts.quantile(999)},
          {"longest", counts.longest}};
}

/// With all buckets in which something was counted: from (included), below, count.
View whole_view(const worker::Histogram::Counts& counts) {
  View view = span_view(counts);
  View& buckets = view["buckets"] = View::array();
  for (std::size_t i = 0; i < counts.buckets.size(); ++i)
    if (counts.buckets[i] > 0)
      buckets.push_back({{"from", worker::Histogram::begin_of(i)},
                         {"below", worker::Histogram::begin_of(i + 1)},
                         {"count", counts.buckets[i]}});
  return view;
}

View worker_view(worker::Crew& crew, unsigned number, std::span<const unsigned> cpus) {
  const worker::Counters& counters = crew.counters(number);
  return {{"id", number},
          {"cpu", number < cpus.size() ? View(cpus[number]) : View()},
          {"asleep", crew.channel(number).is_asleep()},
          {"connections", counters.connections.get()},
          {"packets", counters.packets.get()},
          {"handed_over", counters.handed_over.get()},
          {"received_by_hand_over", counters.received_by_hand_over.get()},
          {"hand_over_full", counters.hand_over_full.get()},
          {"from_kernel", counters.from_kernel.get()},
          {"kernel_full", counters.kernel_full.get()},
          {"transmit_refused", counters.transmit_refused.get()},
          {"expired", counters.expired.get()},
          {"evicted", counters.evicted.get()},
          {"loops", counters.loops.get()},
          {"sleeps", counters.sleeps.get()},
          {"most_packets_in_a_loop", counters.most_packets_in_a_loop.get()},
          {"most_expired_in_a_loop", counters.most_expired_in_a_loop.get()},
          {"steered_right", counters.steered_right.get()},
          {"steered_wrong", counters.steered_wrong.get()},
          {"loop_time", span_view(counters.loop_time.read())},
          {"packet_age", span_view(counters.packet_age.read())},
          {"verdicts", verdicts_view([&](std::size_t i) { return counters.verdicts[i].get(); })}};
}

View lane_view(const LaneReports& lane) {
  View view = View::object();
  for (std::size_t i = 0; i < lane.size(); ++i)
    view[i == static_cast<std::size_t>(worker::TrafficClass::control) ? "control" : "bulk"] = {
        {"packets", lane[i].packets}, {"capped", lane[i].capped}, {"lost", lane[i].lost}};
  return view;
}

View port_view(const PortReport& port) {
  return {{"name", port.name},
          {"device", port.device},
          {"driver", port.driver},
          {"kernel_interface", port.kernel_interface.empty() ? View() : View(port.kernel_interface)},
          {"mac", net::to_string(port.mac)},
          {"link", port.link},
          {"mtu", port.mtu},
          {"queues", port.queues},
          {"steering", port.steering},
          {"rx_packets", port.rx_packets},
          {"rx_bytes", port.rx_bytes},
          {"tx_packets", port.tx_packets},
          {"tx_bytes", port.tx_bytes},
          {"rx_missed", port.rx_missed},
          {"tx_errors", port.tx_errors},
          {"to_kernel", lane_view(port.to_kernel)},
          {"from_kernel", lane_view(port.from_kernel)}};
}

View neighbour_view(const NeighbourReport& neighbour) {
  return {{"address", net::to_string(neighbour.address)},
          {"port", neighbour.port},
          {"vlan", neighbour.vlan == 0 ? View() : View(neighbour.vlan)},
          {"mac", neighbour.mac ? View(net::to_string(*neighbour.mac)) : View()},
          {"state", neighbour.state}};
}

/// How many bits of a client's address count; nothing where none do.
View netmask_view(const service::Service& service) {
  if (service.persistence == 0) return {};
  return service.persistence_prefix ? service.persistence_prefix : service::whole_prefix(service.key.address.family);
}

/// What a connection has as well stands in the same places.
View template_view(const worker::ConnectionRow& row) {
  const bool is_of_mark = row.protocol == net::Protocol{};
  const std::string virtual_end = is_of_mark ? "mark " + std::to_string(row.virtual_address.v4().host())
                                             : net::to_string(row.virtual_address, row.virtual_port);
  return {{"protocol", is_of_mark ? "ip" : service::to_string(row.protocol)},
          {"state", row.assured ? "ASSURED" : "NONE"},
          {"expires", row.expires},
          {"client", net::to_string(row.client, row.client_port)},
          {"virtual", virtual_end},
          {"server", net::to_string(row.server, row.server_port)},
          {"forwarding", nullptr},
          {"in_packets", nullptr},
          {"worker", row.worker},
          {"template", true},
          {"controls", row.controls}};
}

}  // namespace

View service_view(const Director& director, const service::Service& service) {
  View view{{"name", service.name}};
  add_key(view, service.key);
  view["scheduler"] = service.scheduler->name();
  view["scheduler_flags"] = flag_names<View>(service.scheduler_flags);
  view["forwarding"] = service::to_string(service.forwarding);
  view["persistence"] = service.persistence;
  view["persistence_netmask"] = netmask_view(service);
  view["one_packet"] = service.one_packet;
  view["address_missing"] = !service.key.is_mark() && !director.servers().routes().is_local(service.key.address);
  add(view, director.statistics(service.key), director.rates(service.key));
  View& servers = view["servers"] = View::array();
  for (auto server = service.servers.rbegin(); server != service.servers.rend(); ++server)
    servers.push_back(server_view(director.servers(), *server));
  return view;
}

View total_view(const Director& director) {
  View view;
  add(view, director.total(), director.total_rates());
  return view;
}

View connection_view(const worker::ConnectionRow& row) {
  if (row.is_template) return template_view(row);
  return {{"protocol", service::to_string(row.protocol)},
          {"state", conn::name(row.state)},
          {"expires", row.expires},
          {"client", net::to_string(row.client, row.client_port)},
          {"virtual", net::to_string(row.virtual_address, row.virtual_port)},
          {"server", net::to_string(row.server, row.server_port)},
          {"forwarding", service::to_string(row.forwarding)},
          {"in_packets", row.in_packets},
          {"worker", row.worker},
          {"template", false}};
}

View marks_view(const service::MarkRules& rules) {
  View all = View::array();
  for (const service::MarkRule& rule : rules.rules()) add_rule(all.emplace_back(View::object()), rule);
  return {{"marks", std::move(all)}};
}

View settings_view(const service::Settings& settings) {
  View all = View::object();
  for (const service::SettingInfo& setting : service::settings_table)
    all[std::string(setting.name)] = settings.*setting.field;
  return {{"settings", std::move(all)}};
}

View workers_view(worker::Crew& crew, std::span<const unsigned> cpus) {
  View workers = View::array();
  for (unsigned number = 0; number < crew.size(); ++number) workers.push_back(worker_view(crew, number, cpus));
  return {{"workers", std::move(workers)}};
}

View latency_view(const worker::Crew& crew) {
  View workers = View::array();
  for (unsigned number = 0; number < crew.size(); ++number)
    workers.push_back({{"id", number},
                       {"loop_time", whole_view(crew.counters(number).loop_time.read())},
                       {"packet_age", whole_view(crew.counters(number).packet_age.read())}});
  return {{"workers", std::move(workers)}};
}

View drops_view(const worker::Crew& crew) {
  return {{"verdicts", verdicts_view([&](std::size_t i) {
             std::uint64_t sum = 0;
             for (unsigned number = 0; number < crew.size(); ++number) sum += crew.counters(number).verdicts[i].get();
             return sum;
           })}};
}

View ports_view(std::span<const PortReport> ports) {
  View all = View::array();
  for (const PortReport& port : ports) all.push_back(port_view(port));
  return {{"ports", std::move(all)}};
}

View neighbours_view(std::span<const NeighbourReport> neighbours) {
  View all = View::array();
  for (const NeighbourReport& neighbour : neighbours) all.push_back(neighbour_view(neighbour));
  return {{"neighbours", std::move(all)}};
}

}  // namespace fairway::control::http
