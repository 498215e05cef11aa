// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

// Runs the pipeline for the golden tests. Each line of the input is one command as a JSON object, whose "do" names it;
// each is answered with one line of JSON. The network round the director is that of tests/support/site.hpp, the clock
// stands still but for "pass", and nothing but the commands has any influence: no DPDK, no device, no chance.
#include <charconv>
#include <deque>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "support/world.hpp"
#include "worker/waiting.hpp"

namespace fairway::tests {
namespace {

using forward::Verdict;
using nlohmann::json;

Bytes from_hex(const std::string& text) {
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* digits = text.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, bytes[i], 16).ptr != digits + 2)
      throw std::runtime_error("not hex: " + text);
  }
  return bytes;
}

std::string to_hex(const Bytes& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) text.append({digits[byte >> 4], digits[byte & 15]});
  return text;
}

/// A packet that came in: its frame must live as long as it waits for a neighbour.
struct Received {
  Frame frame;
  net::PortId port;
  bool segmented;

  net::PacketView view() const {
    net::PacketView packet = frame.view(port);
    packet.segmented = segmented;
    return packet;
  }
};

class Driver {
 public:
  json carry_out(const json& command) {
    const auto handler = handlers_.find(command.at("do").get<std::string>());
    if (handler == handlers_.end()) throw std::runtime_error("no such command: " + command.dump());
    return (this->*handler->second)(command);
  }

 private:
  using Handler = json (Driver::*)(const json&);

  /// A new director, the old one forgotten.
  json start(const json& command) {
    received_.clear();
    waiting_ = {};
    world_ = std::make_unique<World>(command.value("workers", 1u), command.value("capacity", 1024u));
    return json::object();
  }

  static service::ServiceKey key_in(const json& command) {
    const auto protocol = service::parse_protocol(command.value("protocol", "tcp")).value();
    if (command.contains("mark")) return service::mark_key(command.at("mark").get<std::uint32_t>());
    return key_of(command.at("vip").get<std::string>(), command.value("port", std::uint16_t{80}), protocol);
  }
  static service::ServerSpec server_in(const json& server) {
    return server_spec(server.at("address").get<std::string>(), server.at("port").get<std::uint16_t>(),
                       service::parse_forwarding(server.value("forwarding", "nat")).value(),
                       server.value("weight", 1u));
  }
  json add_service(const json& command) {
    std::vector<service::ServerSpec> servers;
    for (const json& server : command.at("servers")) servers.push_back(server_in(server));
    world_->services.add({.name = {},
                          .key = key_in(command),
                          .scheduler = command.value("scheduler", "rr"),
                          .persistence = command.value("persistence", 0u),
                          .persistence_prefix = command.value("persistence_prefix", std::uint8_t{0}),
                          .one_packet = command.value("one_packet", false),
                          .servers = servers});
    return json::object();
  }
  /// What goes to a network has a mark.
  json mark(const json& command) {
    world_->services.mark({{.mark = command.at("mark").get<std::uint32_t>(),
                            .destination = net::parse_prefix(command.at("destination").get<std::string>())}});
    return json::object();
  }
  json remove_service(const json& command) {
    world_->services.remove(key_in(command));
    world_->server_deleted();
    return json::object();
  }
  json add_server(const json& command) {
    world_->services.add_server(key_in(command), server_in(command.at("server")));
    return json::object();
  }
  json remove_server(const json& command) {
    world_->services.remove_server(key_in(command), command.at("server").get<std::string>());
    world_->server_deleted();
    return json::object();
  }
  json set_weight(const json& command) {
    world_->services.set_weight(key_in(command), command.at("server").get<std::string>(), command.at("weight"));
    return json::object();
  }

  /// Changes the settings that are named; the others have their defaults.
  json set_settings(const json& command) {
    service::Settings settings;
    for (const service::SettingInfo& info : service::settings_table)
      settings.*info.field = command.value(std::string(info.name), settings.*info.field);
    world_->set(settings);
    return json::object();
  }

  /// Changes what is named of a next hop; 0 is the clients' gateway, 1 to 10 are the servers'.
  json set_next_hop(const json& command) {
    route::NextHop& hop = world_->routes.next_hops.at(site::gateway_hop + command.at("hop").get<unsigned>());
    hop.mtu = command.value("mtu", hop.mtu);
    hop.resolved = command.value("resolved", hop.resolved);
    if (command.contains("vlan"))
      route::set_header(hop, mac(command.at("to").get<std::string>()), mac(command.at("from").get<std::string>()),
                        command.at("vlan").get<std::uint16_t>());
    return json::object();
  }

  json burst(const json& command) {
    std::vector<Received*> packets;
    for (const json& packet : command.at("packets")) {
      packets.push_back(&received_.emplace_back(Received{
          .frame = Frame(from_hex(packet.at("hex").get<std::string>()), packet.value("headroom", std::uint16_t{128})),
          .port = net::PortId{packet.value("port", std::uint16_t{0})},
          .segmented = packet.value("segmented", false)}));
    }
    return {{"packets", run(packets, command.value("worker", 0u), command.value("from_kernel", false))}};
  }
  /// Something of the routes has changed: what waits goes through the pipeline anew, as in the worker.
  json retry(const json&) {
    std::vector<Received*> packets;
    waiting_.take_all([&](void* packet, net::PortId) { packets.push_back(static_cast<Received*>(packet)); });
    return {{"packets", run(packets, 0)}};
  }
  json run(const std::vector<Received*>& packets, unsigned worker, bool from_kernel = false) {
    std::vector<net::PacketView> views;
    for (const Received* packet : packets) views.push_back(packet->view());
    const auto outcomes = from_kernel ? world_->run_from_kernel(views, worker) : world_->run(views, worker);
    json results = json::array();
    for (std::size_t i = 0; i < outcomes.size(); ++i) results.push_back(result_of(outcomes[i], *packets[i], worker));
    return results;
  }
  json result_of(const Outcome& outcome, Received& packet, unsigned worker) {
    Verdict verdict = outcome.verdict;
    if (verdict == Verdict::wait_for_neighbour) {
      const auto kept = waiting_.keep(&packet, packet.port, outcome.waits, world_->worker(worker).context.now);
      if (kept == worker::Waiting::Kept::no) verdict = Verdict::drop_no_neighbour;
    }
    json result{{"verdict", forward::name(verdict)}, {"port", outcome.port.value}, {"hex", to_hex(outcome.frame)}};
    if (verdict == Verdict::to_other_worker) result["owner"] = outcome.owner;
    return result;
  }

  /// Time passes; answered with what has waited too long for its neighbour.
  json pass(const json& command) {
    world_->pass(command.at("milliseconds").get<std::uint64_t>());
    json dropped = json::array();
    waiting_.take_late(world_->context().now, [&](void* packet) {
      dropped.push_back({{"verdict", forward::name(Verdict::drop_no_neighbour)},
                         {"port", static_cast<Received*>(packet)->port.value},
                         {"hex", to_hex(bytes_of(static_cast<Received*>(packet)->view()))}});
    });
    return {{"packets", dropped}};
  }

  json list_connections(const json& command) {
    WorkerUnderTest& worker = world_->worker(command.value("worker", 0u));
    json rows = json::array();
    for (std::uint32_t slot = 0; slot < worker.connections.capacity(); ++slot) {
      const conn::Hot& entry = worker.connections.hot(slot);
      if (!entry.has(conn::Hot::live)) continue;
      rows.push_back({{"protocol", service::to_string(entry.protocol)},
                      {"client", net::to_string(entry.v4.client, entry.client_port)},
                      {"virtual", net::to_string(entry.v4.virtual_address, entry.virtual_port)},
                      {"server", net::to_string(entry.v4.server, entry.server_port)},
                      {"forwarding", service::to_string(entry.forwarding)},
                      {"state", conn::name(entry.state)},
                      {"timeout", entry.timeout},
                      {"in_packets", entry.in_packets}});
    }
    return {{"connections", rows}};
  }
  json count_server(const json& command) {
    const auto id = world_->services.id_of(key_in(command), command.at("server").get<std::string>(),
                                           command.at("server_port").get<std::uint16_t>());
    const service::ServerLine& line = world_->services.lines(0)[id.value];
    return {{"connections", line.connections.get()}, {"active", line.active.get()},
            {"inactive", line.inactive.get()},       {"in_packets", line.in_packets.get()},
            {"in_bytes", line.in_bytes.get()},       {"out_packets", line.out_packets.get()},
            {"out_bytes", line.out_bytes.get()}};
  }
  json list_verdicts(const json&) {
    json names = json::array();
    for (const forward::VerdictInfo& info : forward::verdicts) names.push_back(info.name);
    return {{"verdicts", names}};
  }

  static const std::map<std::string, Handler> handlers_;
  std::unique_ptr<World> world_ = std::make_unique<World>();
  std::deque<Received> received_;
  worker::Waiting waiting_;
};

const std::map<std::string, Driver::Handler> Driver::handlers_{
    {"start", &Driver::start},
    {"add service", &Driver::add_service},
    {"mark", &Driver::mark},
    {"remove service", &Driver::remove_service},
    {"add server", &Driver::add_server},
    {"remove server", &Driver::remove_server},
    {"set weight", &Driver::set_weight},
    {"set settings", &Driver::set_settings},
    {"set next hop", &Driver::set_next_hop},
    {"burst", &Driver::burst},
    {"retry", &Driver::retry},
    {"pass", &Driver::pass},
    {"connections", &Driver::list_connections},
    {"counts", &Driver::count_server},
    {"verdicts", &Driver::list_verdicts},
};

}  // namespace
}  // namespace fairway::tests

int main() {
  std::ios::sync_with_stdio(false);
  fairway::tests::Driver driver;
  try {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << driver.carry_out(nlohmann::json::parse(line)).dump() << std::endl;
  } catch (const std::exception& error) {
    std::cerr << "golden-driver: " << error.what() << '\n';
    return 1;
  }
}
