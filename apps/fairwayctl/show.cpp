// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayctl/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "fairwayctl/table.hpp"
#include "forward/verdict.hpp"
#include "service/settings.hpp"

namespace fairway::ctl {
namespace {

using Json = nlohmann::ordered_json;

/// A member as a cell: large counts shortened, nothing as a dash.
std::string cell(const Json& object, const char* name) {
  const Json& value = object.at(name);
  if (value.is_number_unsigned()) return shortened(value.get<std::uint64_t>());
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return "-";
}

std::vector<std::string> cells(const Json& object, std::initializer_list<const char*> names) {
  std::vector<std::string> row;
  for (const char* name : names) row.push_back(cell(object, name));
  return row;
}

std::string end_of(const Json& object) {
  const auto address = object.at("address").get<std::string>();
  const auto port = std::to_string(object.at("port").get<unsigned>());
  return address.find(':') == std::string::npos ? address + ":" + port : "[" + address + "]:" + port;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

/// "TCP  192.0.2.1:80" or "FWM  7", as ipvsadm calls it.
std::string name_of(const Json& service) {
  if (!service.contains("mark")) return fmt::format("{:<4} {}", upper(service.at("protocol")), end_of(service));
  return fmt::format("FWM  {}{}", service.at("mark").get<std::uint32_t>(), service.contains("family") ? " IPv6" : "");
}

bool is_ipv6(const Json& service) {
  if (service.contains("mark")) return service.contains("family");
  return service.at("address").get<std::string>().find(':') != std::string::npos;
}

void append_counts(std::vector<std::string>& row, const Json& object) {
  for (const char* name : {"connections", "in_packets", "out_packets", "in_bytes", "out_bytes"})
    row.push_back(cell(object, name));
}

/// How many there are, or how many a second.
const Json& counts_of(const Json& object, const TableStyle& style) {
  return style.with_rates ? object.at("per_second") : object;
}

void add_count_titles(std::vector<std::string>& row, const TableStyle& style) {
  const auto add = [&](std::initializer_list<const char*> titles) {
    row.insert(row.end(), titles.begin(), titles.end());
  };
  if (style.with_rates)
    add({"CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"});
  else
    add({"Conns", "InPkts", "OutPkts", "InBytes", "OutBytes"});
}

/// "(web, persistent 300)"; empty if there are none.
class Notes {
 public:
  void add(const std::string& note) {
    if (!note.empty()) text_ += (text_.empty() ? "" : ", ") + note;
  }
  std::string text() const { return text_.empty() ? text_ : "(" + text_ + ")"; }

 private:
  std::string text_;
};

/// What people should know of a service besides its numbers.
std::string notes_on(const Json& service) {
  Notes notes;
  notes.add(service.at("name"));
  for (const Json& flag : service.at("scheduler_flags")) notes.add(flag);
  if (const auto seconds = service.at("persistence").get<unsigned>()) {
    const auto length = service.at("persistence_netmask").get<unsigned>();
    const bool is_whole = length == (is_ipv6(service) ? 128 : 32);
    notes.add(fmt::format("persistent {}", seconds) + (is_whole ? "" : fmt::format(" mask /{}", length)));
  }
  if (service.at("one_packet").get<bool>()) notes.add("one packet");
  if (service.at("address_missing").get<bool>()) notes.add("no port has this address");
  return notes.text();
}

std::string notes_on_server(const Json& server) {
  Notes notes;
  if (const auto threshold = server.at("upper_threshold").get<std::uint32_t>())
    notes.add(fmt::format("upper {}", threshold));
  if (const auto threshold = server.at("lower_threshold").get<std::uint32_t>())
    notes.add(fmt::format("lower {}", threshold));
  if (server.at("overloaded").get<bool>()) notes.add("overloaded");
  return notes.text();
}

std::uint64_t sum_of(const Json& servers, const char* name) {
  std::uint64_t sum = 0;
  for (const Json& server : servers) sum += server.at(name).get<std::uint64_t>();
  return sum;
}

std::string services_table(const Json& answer, const TableStyle& style) {
  Table table;
  table.add({"Prot LocalAddress:Port", "Scheduler Forwarding"});
  std::vector<std::string> titles{
      "  -> RemoteAddress:Port", "Forward", "Weight", "ActiveConn", "InActConn", "PersistConn"};
  add_count_titles(titles, style);
  table.add(std::move(titles));
  for (const Json& service : answer.at("services")) {
    const Json& servers = service.at("servers");
    std::vector<std::string> row{name_of(service), cell(service, "scheduler") + " " + cell(service, "forwarding"), ""};
    for (const char* name : {"active", "inactive", "persistent"}) row.push_back(shortened(sum_of(servers, name)));
    append_counts(row, counts_of(service, style));
    row.push_back(notes_on(service));
    table.add(std::move(row));
    for (const Json& server : servers) {
      std::vector<std::string> server_row{"  -> " + end_of(server)};
      for (const char* name : {"forwarding", "weight", "active", "inactive", "persistent"})
        server_row.push_back(cell(server, name));
      append_counts(server_row, counts_of(server, style));
      server_row.push_back(notes_on_server(server));
      table.add(std::move(server_row));
    }
  }
  return table.text();
}

std::string total_table(const Json& answer, const TableStyle& style) {
  Table table;
  std::vector<std::string> titles, row;
  add_count_titles(titles, style);
  append_counts(row, counts_of(answer, style));
  table.add(std::move(titles));
  table.add(std::move(row));
  return table.text();
}

std::string connections_table(const Json& answer, const TableStyle&) {
  Table table;
  table.add({"Prot", "Expire", "State", "Source", "Virtual", "Destination", "Forward", "InPkts", "Worker"});
  for (const Json& connection : answer.at("connections")) {
    const auto expires = connection.at("expires").get<unsigned>();
    table.add({upper(connection.at("protocol")), fmt::format("{:02}:{:02}", expires / 60, expires % 60),
               cell(connection, "state"), cell(connection, "client"), cell(connection, "virtual"),
               cell(connection, "server"), cell(connection, "forwarding"), cell(connection, "in_packets"),
               cell(connection, "worker")});
  }
  std::string text = table.text();
  if (answer.at("truncated").get<bool>()) text += "... and more (--limit)\n";
  return text;
}

std::string marks_table(const Json& answer, const TableStyle&) {
  Table table;
  table.add({"Position", "Mark", "Prot", "Source", "SrcPorts", "Destination", "DstPorts"});
  unsigned position = 0;
  for (const Json& rule : answer.at("marks")) {
    const auto part = [&](const char* name) { return rule.contains(name) ? cell(rule, name) : "any"; };
    table.add({std::to_string(++position), std::to_string(rule.at("mark").get<std::uint32_t>()),
               upper(part("protocol")), part("source"), part("source_ports"), part("destination"),
               part("destination_ports")});
  }
  return table.text();
}

std::string settings_table(const Json& answer, const TableStyle&) {
  Table table;
  table.add({"Setting", "Value", "Default", "Meaning"});
  const service::Settings defaults;
  for (const service::SettingInfo& setting : service::settings_table) {
    const auto value = answer.at("settings").find(std::string(setting.name));
    if (value == answer.at("settings").end()) continue;
    table.add({std::string(setting.name), std::to_string(value->get<std::uint32_t>()),
               std::to_string(defaults.*setting.field), std::string(setting.about)});
  }
  return table.text();
}

/// How long loops and packets took, and how much a loop had to do at most.
std::string loops_table(const Json& workers) {
  Table table;
  table.add({"Worker", "LoopMedian", "Loop99%", "LoopMax", "AgeMedian", "Age99%", "AgeMax", "MostPackets",
             "MostExpired", "SteeredRight", "SteeredWrong"});
  for (const Json& worker : workers) {
    std::vector<std::string> row{cell(worker, "id")};
    for (const char* span : {"loop_time", "packet_age"})
      for (const char* name : {"median", "p99", "longest"}) row.push_back(cell(worker.at(span), name));
    for (const char* name : {"most_packets_in_a_loop", "most_expired_in_a_loop", "steered_right", "steered_wrong"})
      row.push_back(cell(worker, name));
    table.add(std::move(row));
  }
  return table.text();
}

std::string workers_table(const Json& answer, const TableStyle&) {
  Table table;
  table.add({"Worker", "CPU", "Asleep", "Conns", "Packets", "HandedOver", "ByHandOver", "FromKernel", "Expired",
             "Evicted", "HandOverFull", "KernelFull", "TxRefused"});
  for (const Json& worker : answer.at("workers"))
    table.add(
        cells(worker, {"id", "cpu", "asleep", "connections", "packets", "handed_over", "received_by_hand_over",
                       "from_kernel", "expired", "evicted", "hand_over_full", "kernel_full", "transmit_refused"}));
  return table.text() + "\nTimes in ns; of a loop, and from a packet's receive to its transmit\n" +
         loops_table(answer.at("workers"));
}

/// Both histograms of a worker beside each other: how many took from so long to less than so long.
std::string latency_table(const Json& answer, const TableStyle&) {
  Table table;
  table.add({"Worker", "From(ns)", "Below(ns)", "Loops", "Packets"});
  for (const Json& worker : answer.at("workers")) {
    std::map<std::uint64_t, std::array<std::string, 3>> rows;  // by where the bucket begins
    for (const auto& [span, place] : {std::pair{"loop_time", 1}, {"packet_age", 2}})
      for (const Json& bucket : worker.at(span).at("buckets")) {
        auto& row = rows[bucket.at("from").get<std::uint64_t>()];
        row[0] = cell(bucket, "below");
        row[static_cast<std::size_t>(place)] = cell(bucket, "count");
      }
    for (auto& [from, row] : rows)
      table.add(
          {cell(worker, "id"), shortened(from), row[0], row[1].empty() ? "0" : row[1], row[2].empty() ? "0" : row[2]});
  }
  return table.text();
}

/// What went over the twins' lane, a row a port, a direction and a class; empty if nothing did.
std::string lane_table(const Json& ports, bool with_zeros) {
  Table table;
  bool has_rows = false;
  table.add({"Twin", "Direction", "Class", "Packets", "Capped", "Lost"});
  for (const Json& port : ports)
    for (const char* direction : {"to_kernel", "from_kernel"})
      for (const auto& [name, counts] : port.at(direction).items()) {
        const bool is_zero = counts.at("packets") == 0 && counts.at("capped") == 0 && counts.at("lost") == 0;
        if (port.at("kernel_interface").is_null() || (is_zero && !with_zeros)) continue;
        has_rows = true;
        table.add({cell(port, "kernel_interface"), direction, name, cell(counts, "packets"), cell(counts, "capped"),
                   cell(counts, "lost")});
      }
  return has_rows ? "\n" + table.text() : "";
}

std::string ports_table(const Json& answer, const TableStyle& style) {
  Table table;
  table.add({"Port", "Device", "Driver", "Twin", "MAC", "Link", "MTU", "Queues", "Steering", "RxPackets", "RxBytes",
             "TxPackets", "TxBytes", "RxMissed", "TxErrors"});
  for (const Json& port : answer.at("ports"))
    table.add(cells(port, {"name", "device", "driver", "kernel_interface", "mac", "link", "mtu", "queues", "steering",
                           "rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "rx_missed", "tx_errors"}));
  return table.text() + lane_table(answer.at("ports"), style.with_zeros);
}

std::string drops_table(const Json& answer, const TableStyle& style) {
  Table table;
  table.add({"Verdict", "Packets", "Meaning"});
  const Json& counts = answer.at("verdicts");
  for (const auto& [name, meaning] : forward::verdicts) {
    const auto count = counts.find(std::string(name));
    if (count == counts.end() || (*count == 0 && !style.with_zeros)) continue;
    table.add({std::string(name), shortened(count->get<std::uint64_t>()), std::string(meaning)});
  }
  return table.text();
}

std::string neighbours_table(const Json& answer, const TableStyle&) {
  Table table;
  table.add({"Address", "Port", "VLAN", "MAC", "State"});
  for (const Json& neighbour : answer.at("neighbours"))
    table.add(cells(neighbour, {"address", "port", "vlan", "mac", "state"}));
  return table.text();
}

struct View {
  const char* name;
  std::string (*table)(const Json& answer, const TableStyle& style);
};

constexpr View all_views[] = {
    {"services", services_table},    {"total", total_table},       {"connections", connections_table},
    {"marks", marks_table},          {"settings", settings_table}, {"workers", workers_table},
    {"latency", latency_table},      {"ports", ports_table},       {"drops", drops_table},
    {"neighbours", neighbours_table}};

}  // namespace

std::vector<std::string> views() {
  std::vector<std::string> names;
  for (const View& view : all_views) names.emplace_back(view.name);
  return names;
}

std::string table_of(const std::string& view, const Json& answer, const TableStyle& style) {
  for (const View& one : all_views)
    if (view == one.name) return one.table(answer, style);
  return {};
}

}  // namespace fairway::ctl
