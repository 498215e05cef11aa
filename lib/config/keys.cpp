// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/keys.hpp"

#include <string>
#include <vector>

#include "config/decode.hpp"
#include "config/mapping.hpp"

namespace fairway::config {
namespace {

using service::ServerSpec;

constexpr Range port_or_any{0, 65535};
constexpr Range marks_range{1, 4'294'967'295};
constexpr Range any_number{0, 4'294'967'295, "connections"};

constexpr Key<Director> director_table[] = {
    {{.name = "workers",
      .form = "number, or list of CPUs",
      .fallback = "1",
      .range = {1, 127, "workers"},
      .about =
          "How many threads forward packets, or the CPUs that they are bound to, one each: `2-5`, `1,3`, `2-5,8`. A "
          "lone number is always how many; they take the last CPUs that the process may use."},
     decode::workers},
    {{.name = "idle",
      .form = "spin | sleep | wait",
      .fallback = "wait",
      .about =
          "What a worker does when there is nothing to do: `spin` polls on and takes its whole CPU, `sleep` pauses for "
          "moments, `wait` waits for the device's receive event, and sleeps where the device has none."},
     [](Field& field, Director& director) { decode::choice(field, director.idle); }},
    {{.name = "connections",
      .form = "number",
      .fallback = "1000000",
      .range = {1, 250'000'000, "connections"},
      .about =
          "Room for IPv4 connections, shared out among the workers, and for a quarter as many clients of persistent "
          "services. Memory for all connections is taken at start."},
     [](Field& field, Director& director) { decode::number(field, director.connections); }},
    {{.name = "connections_ipv6",
      .form = "number",
      .fallback = "0",
      .range = {0, 250'000'000, "connections"},
      .about = "Likewise for IPv6."},
     [](Field& field, Director& director) { decode::number(field, director.connections_ipv6); }},
    {{.name = "packet_buffers",
      .form = "number",
      .if_absent = "as many as the queues of all ports and the rings between threads can hold",
      .range = {1, 16'777'215, "packets"},
      .about =
          "Room for packets that are on their way at one time; fewer than if it is left out have no effect. More are "
          "needed where a device keeps many, as a `net_pcap` with `infinite_rx=1` does its whole file."},
     [](Field& field, Director& director) { decode::number(field, director.packet_buffers); }},
    {{.name = "control_socket",
      .form = "absolute path",
      .fallback = "/run/fairway/control.sock",
      .range = {2, 107, "characters"},
      .about = "The Unix socket on which `fairwayctl` talks to the director."},
     [](Field& field, Director& director) { decode::path(field, director.control_socket); }},
    {{.name = "ipvs_socket",
      .form = "absolute path",
      .if_absent = "`ipvs.sock` in the directory of `control_socket`",
      .range = {2, 107, "characters"},
      .about = "The Unix socket by which unmodified `ipvsadm` and `keepalived`, run by `fairway-ipvs`, administer the "
               "director."},
     [](Field& field, Director& director) { decode::path(field, director.ipvs_socket); }},
    {{.name = "journal",
      .form = "absolute path, or none",
      .if_absent =
          "`/var/lib/fairway/journal`; `journal` in the directory of `control_socket` if that is not /run/fairway",
      .range = {2, 4000, "characters"},
      .about =
          "The file that keeps what is changed at run time, by `fairwayctl`, `ipvsadm` or `keepalived`, for the next "
          "start. `none`: what is changed ends with the director."},
     [](Field& field, Director& director) { decode::journal(field, director.journal); }},
    {{.name = "hugepages",
      .form = "auto | true | false",
      .fallback = "auto",
      .about =
          "Whether packets and connections lie in huge pages: `auto` takes them where enough are free, `true` does not "
          "start without them, `false` takes none."},
     [](Field& field, Director& director) { decode::choice(field, director.hugepages); }},
    {{.name = "summary_interval",
      .form = "duration",
      .fallback = "60s",
      .range = {0, 86'400, "seconds"},
      .about = "Time between two summary lines in the log; 0 for none."},
     [](Field& field, Director& director) { decode::duration(field, director.summary_interval); }},
    {{.name = "kernel_packets_per_second",
      .form = "number",
      .fallback = "100000",
      .range = {1, 1'000'000'000, "packets"},
      .about =
          "Most packets per second of each port to the kernel, and as many from it. ARP, neighbour discovery, VRRP, "
          "BGP and BFD do not count."},
     [](Field& field, Director& director) { decode::number(field, director.kernel_packets_per_second); }},
};

constexpr Key<PortDraft> port_table[] = {
    {{.name = "name",
      .form = "text",
      .range = {1, 63, "characters"},
      .about = "How the port is called in the log and by `fairwayctl`.",
      .required = true},
     [](Field& field, PortDraft& draft) { decode::name(field, draft.port.name); }},
    {{.name = "device",
      .form = "device",
      .about = "A PCI address such as `0000:03:00.0`, or a virtual device of DPDK with its arguments: "
               "`net_tap0,iface=x`, `net_af_packet0,iface=eth1`, `net_af_xdp0,iface=eth1`, `net_memif0`, `net_null0`, "
               "`net_pcap0`, `net_ring0`, `net_vhost0,iface=/path`, `net_virtio_user0,path=/path`.",
      .required = true},
     [](Field& field, PortDraft& draft) { decode::device(field, draft.port.device); }},
    {{.name = "kernel_interface",
      .form = "interface name",
      .if_absent = "no twin",
      .range = {1, 15, "characters"},
      .about = "The port's twin in Linux: a TAP interface of this name with the port's MAC address. Packets for no "
               "service go "
               "to it, and what Linux sends on it leaves by the port."},
     [](Field& field, PortDraft& draft) { decode::interface_name(field, draft.port.kernel_interface); }},
    {{.name = "addresses",
      .form = "list of ADDRESS/LENGTH",
      .if_absent = "none",
      .about = "Addresses that are put on the twin: the director's own, and virtual addresses as /32. Without a twin "
               "they say "
               "which networks are on this port."},
     decode::addresses},
    {{.name = "neighbours",
      .form = "mapping of ADDRESS: MAC",
      .if_absent = "none",
      .about =
          "Neighbours whose MAC addresses are known beforehand. The others come from the kernel through the twin."},
     [](Field& field, PortDraft& draft) { decode::neighbours(field, draft.port.neighbours); }},
    {{.name = "gateway",
      .form = "address",
      .if_absent = "none",
      .about = "Where packets for other networks go if the port has no twin; it must be one of its `neighbours`. With "
               "a twin "
               "the kernel's routes say it."},
     [](Field& field, PortDraft& draft) { decode::gateway(field, draft.port.gateway); }},
    {{.name = "mtu",
      .form = "number",
      .fallback = "1500",
      .range = {68, 9978, "bytes"},
      .about = "Size of the largest IP packet."},
     [](Field& field, PortDraft& draft) { decode::number(field, draft.port.mtu); }},
    {{.name = "vlan",
      .form = "number",
      .if_absent = "untagged",
      .range = {1, 4094},
      .about = "The VLAN in which the port and its twin are."},
     [](Field& field, PortDraft& draft) { decode::number(field, draft.port.vlan); }},
    {{.name = "queues",
      .form = "number",
      .if_absent = "as many as workers, if the device has them",
      .range = {1, 127, "queues"},
      .about = "Receive queues of the device."},
     [](Field& field, PortDraft& draft) { decode::number(field, draft.port.queues); }},
    {{.name = "faces",
      .form = "both | clients | servers",
      .fallback = "both",
      .about =
          "Whose packets come in by this port. With several workers a device that can is told to give each packet to "
          "the worker that owns its flow, which it can do for packets of clients or for those of servers, not for "
          "both; `fairwayctl show ports` says what it agreed to. Packets that come to another worker are handed over, "
          "so nothing depends on this but speed."},
     [](Field& field, PortDraft& draft) { decode::choice(field, draft.port.faces); }},
    {{.name = "promiscuous",
      .form = "false | true",
      .fallback = "false",
      .about = "Whether the device receives frames that are for other MAC addresses too."},
     [](Field& field, PortDraft& draft) { decode::choice(field, draft.port.promiscuous); }},
    {{.name = "follow_link",
      .form = "false | true",
      .fallback = "true",
      .about = "Whether the twin loses its carrier when the port loses its link, as VRRP needs it. The link of an "
               "interface that net_af_xdp or net_af_packet takes is what Linux says; other virtual devices may know "
               "none."},
     [](Field& field, PortDraft& draft) { decode::choice(field, draft.port.follow_link); }},
};

constexpr Key<service::MarkRule> mark_table[] = {
    {{.name = "mark", .form = "number", .range = marks_range, .about = "The mark that packets get.", .required = true},
     [](Field& field, service::MarkRule& rule) { decode::number(field, rule.mark); }},
    {{.name = "protocol", .form = "tcp | udp", .if_absent = "either", .about = "Packets of this protocol."},
     [](Field& field, service::MarkRule& rule) { decode::protocol(field, rule.protocol.emplace()); }},
    {{.name = "source",
      .form = "ADDRESS or ADDRESS/LENGTH",
      .if_absent = "any",
      .about = "Packets of clients in this network."},
     [](Field& field, service::MarkRule& rule) { decode::network(field, rule.source); }},
    {{.name = "destination",
      .form = "ADDRESS or ADDRESS/LENGTH",
      .if_absent = "any",
      .about = "Packets to addresses in this network."},
     [](Field& field, service::MarkRule& rule) { decode::network(field, rule.destination); }},
    {{.name = "source_ports",
      .form = "port, or range such as 8000-8010",
      .if_absent = "any",
      .about = "Packets from these ports of the clients."},
     [](Field& field, service::MarkRule& rule) { decode::ports(field, rule.source_ports); }},
    {{.name = "destination_ports",
      .form = "port, or range such as 8000-8010",
      .if_absent = "any",
      .about = "Packets to these ports."},
     [](Field& field, service::MarkRule& rule) { decode::ports(field, rule.destination_ports); }},
};

void read_setting(Field& field, service::Settings& settings) {
  const service::SettingInfo& setting = *service::find_setting(field.key.name);
  if (setting.unit == "seconds")
    decode::duration(field, settings.*setting.field);
  else
    decode::number(field, settings.*setting.field);
}

/// Each setting is a key. The texts of their defaults live as long as the keys.
class SettingsKeys {
 public:
  SettingsKeys() {
    const service::Settings defaults;
    for (const service::SettingInfo& setting : service::settings_table)
      fallbacks_.push_back(std::to_string(defaults.*setting.field));
    for (std::size_t i = 0; i < fallbacks_.size(); ++i) {
      const service::SettingInfo& setting = service::settings_table[i];
      keys_.push_back({.info = {.name = setting.name,
                                .form = setting.unit == "seconds" ? "duration" : "number",
                                .fallback = fallbacks_[i],
                                .range = {setting.low, setting.high, setting.unit},
                                .about = setting.about},
                       .read = read_setting});
    }
  }
  std::span<const Key<service::Settings>> keys() const { return keys_; }

 private:
  std::vector<std::string> fallbacks_;
  std::vector<Key<service::Settings>> keys_;
};

constexpr Key<ServerSpec> server_table[] = {
    {{.name = "address", .form = "address", .about = "The real server's address.", .required = true},
     [](Field& field, ServerSpec& server) { decode::address(field, server.address); }},
    {{.name = "port",
      .form = "number",
      .if_absent = "the service's",
      .range = port_or_any,
      .about = "Its port. With `dr` and `tun` it is the service's. 0, for services by mark and of port 0: packets keep "
               "the port that they came to."},
     [](Field& field, ServerSpec& server) { decode::port(field, server.port); }},
    {{.name = "weight",
      .form = "number",
      .fallback = "1",
      .range = {0, ServerSpec::largest_weight},
      .about =
          "Its share of new connections, as the scheduler takes it. 0: it gets no new ones and keeps those it has."},
     [](Field& field, ServerSpec& server) { decode::number(field, server.weight); }},
    {{.name = "forwarding",
      .form = "nat | dr | tun",
      .if_absent = "the service's",
      .about = "How its packets are forwarded."},
     [](Field& field, ServerSpec& server) { decode::choice(field, server.forwarding); }},
    {{.name = "upper_threshold",
      .form = "number",
      .fallback = "0",
      .range = any_number,
      .about = "With so many connections it is overloaded and gets no new ones, but from clients that are bound to it "
               "(`ipvsadm -x`). 0: any number."},
     [](Field& field, ServerSpec& server) { decode::number(field, server.upper_threshold); }},
    {{.name = "lower_threshold",
      .form = "number",
      .fallback = "0",
      .range = any_number,
      .about = "With fewer connections than that it no longer is overloaded (`ipvsadm -y`). 0: with fewer than three "
               "quarters of the upper threshold."},
     [](Field& field, ServerSpec& server) { decode::number(field, server.lower_threshold); }},
};

/// What a server does not say, its service says.
void read_servers(Field& field, ServiceDraft& draft) {
  read_list(field, server_keys(), "server", draft.servers);
  for (Placed<ServerSpec>& server : draft.servers) {
    if (!server.has("port")) server.value.port = draft.spec.key.port;
    if (!server.has("forwarding")) server.value.forwarding = draft.spec.forwarding;
  }
}

constexpr Key<ServiceDraft> service_table[] = {
    {{.name = "name",
      .form = "text",
      .if_absent = "none",
      .range = {1, 63, "characters"},
      .about = "How the service is called in the log and by `fairwayctl`."},
     [](Field& field, ServiceDraft& draft) { decode::name(field, draft.spec.name); }},
    {{.name = "address",
      .form = "address",
      .if_absent = "there must be a `mark`",
      .about = "The virtual address (VIP). It has to be on a twin: one of a port's `addresses`, or put there by "
               "keepalived."},
     [](Field& field, ServiceDraft& draft) { decode::address(field, draft.spec.key.address); }},
    {{.name = "port",
      .form = "number",
      .if_absent = "there must be a `mark`",
      .range = port_or_any,
      .about = "The port of the service. 0, for persistent services only: every port of the address that is no service "
               "of its own."},
     [](Field& field, ServiceDraft& draft) { decode::port(field, draft.spec.key.port); }},
    {{.name = "protocol", .form = "tcp | udp", .fallback = "tcp", .about = "The protocol of the service."},
     [](Field& field, ServiceDraft& draft) { decode::protocol(field, draft.spec.key.protocol); }},
    {{.name = "mark",
      .form = "number",
      .if_absent = "none",
      .range = marks_range,
      .about = "Instead of `address`, `port` and `protocol`: the service takes the packets that get this mark by the "
               "rules under `marks` (`ipvsadm -f`). A service by mark goes before one by address."},
     [](Field& field, ServiceDraft& draft) {
       if (const auto mark = decode::number(field))
         draft.spec.key = service::mark_key(static_cast<std::uint32_t>(*mark));
     }},
    {{.name = "scheduler",
      .form = "scheduler",
      .fallback = "wlc",
      .about = "Which server gets a new connection: the name of a scheduler, as in `ipvsadm -s`."},
     [](Field& field, ServiceDraft& draft) { decode::scheduler(field, draft.spec.scheduler); }},
    {{.name = "scheduler_flags",
      .form = "list of flags",
      .if_absent = "none",
      .about = "The scheduler's options, as in `ipvsadm -b`: `sh-port` and `mh-port` go by the client's port too, "
               "`sh-fallback` and `mh-fallback` look for another server where a client's own takes no connections."},
     [](Field& field, ServiceDraft& draft) { decode::scheduler_flags(field, draft.spec.scheduler_flags); }},
    {{.name = "forwarding",
      .form = "nat | dr | tun",
      .fallback = "nat",
      .about =
          "How packets get to the servers that say nothing else: with addresses rewritten, by their MAC address alone "
          "(direct routing), or in an IPIP tunnel."},
     [](Field& field, ServiceDraft& draft) { decode::choice(field, draft.spec.forwarding); }},
    {{.name = "persistence",
      .form = "duration",
      .if_absent = "none",
      .range = {1, 2'678'400, "seconds"},
      .about = "How long a client stays with its server after its last new connection, whatever the weights."},
     [](Field& field, ServiceDraft& draft) { decode::duration(field, draft.spec.persistence); }},
    {{.name = "persistence_netmask",
      .form = "prefix length, or mask in dots",
      .if_absent = "each client for itself",
      .about =
          "With `persistence`, clients of one network stay with one server: those whose addresses agree in so many "
          "leading bits, such as `24`, `/24` or `255.255.255.0` (`ipvsadm -M`)."},
     [](Field& field, ServiceDraft& draft) { decode::netmask(field, draft.spec.persistence_prefix); }},
    {{.name = "one_packet",
      .form = "false | true",
      .fallback = "false",
      .about = "Every UDP packet is scheduled by itself, and no connection is kept (`ipvsadm -o`). Replies of NAT "
               "servers are then not translated, so it is for `dr` and `tun`. Only for UDP services and services by "
               "mark."},
     [](Field& field, ServiceDraft& draft) { decode::choice(field, draft.spec.one_packet); }},
    {{.name = "servers",
      .form = "list of servers",
      .if_absent = "none",
      .about = "The real servers, as if `ipvsadm` had added them in this order."},
     read_servers},
};

constexpr Key<Draft> file_table[] = {
    {{.name = "director", .form = "mapping", .if_absent = "all defaults", .about = "The director as a whole."},
     [](Field& field, Draft& draft) {
       if (decode::is_collection(field, Node::Kind::mapping))
         read_mapping(field.node, director_keys(), "director", draft.director, field.problems);
     }},
    {{.name = "settings",
      .form = "mapping",
      .if_absent = "all defaults",
      .about = "How connections are treated: what IPVS has as sysctls."},
     [](Field& field, Draft& draft) {
       if (decode::is_collection(field, Node::Kind::mapping))
         read_mapping(field.node, settings_keys(), "settings mapping", draft.settings, field.problems);
     }},
    {{.name = "ports", .form = "list of ports", .about = "The network devices, at least one.", .required = true},
     [](Field& field, Draft& draft) { read_list(field, port_keys(), "port", draft.ports); }},
    {{.name = "marks",
      .form = "list of rules",
      .if_absent = "none",
      .about = "Which packets get a mark, for services by mark. The first rule that a packet matches counts."},
     [](Field& field, Draft& draft) { read_list(field, mark_keys(), "rule", draft.marks); }},
    {{.name = "services", .form = "list of services", .if_absent = "none", .about = "The virtual services."},
     [](Field& field, Draft& draft) { read_list(field, service_keys(), "service", draft.services); }},
};

template <class T>
Section section(std::string_view title, std::string_view about, std::span<const Key<T>> keys) {
  Section made{.title = title, .about = about, .keys = {}};
  for (const Key<T>& key : keys) made.keys.push_back(key.info);
  return made;
}

}  // namespace

void Field::fail(Mark mark, std::string_view message) {
  problems.add(mark, std::string(key.name) + ": " + std::string(message));
  is_read = false;
}

std::span<const Key<Draft>> file_keys() { return file_table; }
std::span<const Key<Director>> director_keys() { return director_table; }
std::span<const Key<service::Settings>> settings_keys() {
  static const SettingsKeys made;
  return made.keys();
}
std::span<const Key<PortDraft>> port_keys() { return port_table; }
std::span<const Key<service::MarkRule>> mark_keys() { return mark_table; }
std::span<const Key<ServiceDraft>> service_keys() { return service_table; }
std::span<const Key<ServerSpec>> server_keys() { return server_table; }

std::vector<Section> sections() {
  return {
      section("file", "What a file holds.", file_keys()),
      section("director", "The director as a whole.", director_keys()),
      section(
          "settings",
          "How connections are treated: the sysctls of IPVS by their names, with their meanings and defaults, and the "
          "timeouts of `ipvsadm --set`. `fairwayctl settings edit` changes them while the director runs.",
          settings_keys()),
      section("ports", "Each item of `ports` is a network device.", port_keys()),
      section(
          "marks",
          "Each item of `marks` is a rule. A packet of no known connection gets the mark of the first rule that it "
          "matches in all that the rule says, and belongs to the service of this mark, if there is one. At most 1024.",
          mark_keys()),
      section("services", "Each item of `services` is a virtual service.", service_keys()),
      section("servers", "Each item of a service's `servers` is a real server.", server_keys())};
}

}  // namespace fairway::config
