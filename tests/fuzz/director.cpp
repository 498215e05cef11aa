// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "director.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "sched/registry.hpp"

namespace fairway::fuzz {
namespace {

using forward::Verdict;
using service::Forwarding;

constexpr std::uint32_t upkeep_budget = 16;
constexpr std::uint32_t longest_timeout = 1'000'000;  // seconds

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: broken: %s\n", what);
  std::abort();
}

net::Address server_address(unsigned number) { return net::Ipv4Address(0x0a000000u + number); }

service::ServerSpec server(unsigned number, std::uint16_t port, Forwarding forwarding, std::uint32_t weight = 1) {
  return {
      .address = server_address(number), .port = net::ServicePort(port), .weight = weight, .forwarding = forwarding};
}

service::ServiceKey key(std::uint32_t number, std::uint16_t port, net::Protocol protocol) {
  return {.protocol = protocol, .address = net::Ipv4Address(0xc0000200u + number), .port = net::ServicePort(port)};
}

std::string scheduler(std::uint8_t number) {
  // Mostly rr: what the others set up takes longer than all the rest.
  return std::string(number < sched::all().size() ? sched::all()[number]->name() : "rr");
}

bool must_be_untouched(Verdict verdict) {
  switch (verdict) {
    case Verdict::to_kernel:
    case Verdict::to_other_worker:
    case Verdict::wait_for_neighbour:
    case Verdict::drop_malformed:
    case Verdict::drop_bad_checksum:
    case Verdict::drop_segmented:
    case Verdict::drop_fragment:
    case Verdict::drop_no_route:
    case Verdict::drop_server_gone:
    case Verdict::drop_table_full:
    case Verdict::drop_tuple_taken:
    case Verdict::drop_martian:
    case Verdict::drop_defence: return true;
    default: return false;
  }
}

Bytes bytes_of(const net::PacketView& view) { return {view.frame, view.frame + view.length}; }

}  // namespace

Director::Director(Input& input)
    : input_(input),
      templates_(64, {{0x9e3779b97f4a7c15u, 0xff51afd7ed558ccdu, 0xc4ceb9fe1a85ec53u, 0xd6e8feb86659fd93u}}),
      template_share_(templates_.share_of(0, 1, now_)),
      connections_(tests::make_connections(entries_, services_.lines(0), now_)),
      context_{.services = services_.table(),
               .statuses = services_.statuses(),
               .lines = services_.lines(0),
               .loads = services_.loads(),
               .templates = &templates_,
               .now = now_,
               .routes = &routes_,
               .answers = {}} {
  connections_.use_templates(templates_);
  connections_.use_limits(services_.limits(), services_.loads());
  services_.resolve(routes_);
  const std::string chosen = scheduler(input_.byte());
  constexpr auto tcp = net::Protocol::tcp, udp = net::Protocol::udp;
  add_service({.name = {},
               .key = key(1, 80, tcp),
               .scheduler = chosen,
               .servers = {server(1, 8080, Forwarding::nat), server(4, 8080, Forwarding::nat)}});
  add_service({.name = {}, .key = key(1, 53, udp), .scheduler = "rr", .servers = {server(1, 5353, Forwarding::nat)}});
  add_service({.name = {}, .key = key(2, 80, tcp), .scheduler = "rr", .servers = {server(2, 80, Forwarding::dr)}});
  add_service({.name = {}, .key = key(3, 80, tcp), .scheduler = "rr", .servers = {server(3, 80, Forwarding::tun)}});
  add_service({.name = {},
               .key = key(4, 443, tcp),
               .scheduler = "rr",
               .persistence = 60,
               .servers = {server(5, 443, Forwarding::nat), server(6, 443, Forwarding::dr)}});
  if ((input_.byte() & 1) != 0) add_special_services();
}

/// Of every port, of single packets, by mark: they make the pipeline look for services in more places.
void Director::add_special_services() {
  constexpr auto tcp = net::Protocol::tcp, udp = net::Protocol::udp;
  add_service({.name = {},
               .key = key(2, 0, tcp),
               .scheduler = "rr",
               .persistence = 60,
               .servers = {server(2, 0, Forwarding::dr), server(4, 0, Forwarding::nat)}});
  add_service({.name = {},
               .key = key(2, 53, udp),
               .scheduler = "rr",
               .one_packet = true,
               .servers = {server(2, 53, Forwarding::dr), server(3, 53, Forwarding::tun)}});
  service::ServiceKey marked;
  marked.mark = 7;
  add_service({.name = {}, .key = marked, .scheduler = "rr", .servers = {server(6, 0, Forwarding::nat)}});
  service::MarkRule rule;
  rule.mark = 7;
  rule.destination_ports = {.low = 20, .high = 22};
  services_.table().put(service::MarkRules({rule}));
}

void Director::add_service(const service::ServiceSpec& spec) {
  services_.add(spec);
  keys_.push_back(spec.key);
}

void Director::play() {
  constexpr unsigned most = 256;
  for (unsigned steps = 0; steps < most && !input_.is_at_end(); ++steps) step();
  run_burst();
}

void Director::step() {
  const std::uint8_t what = input_.byte() % 16;
  if (what < 10) return receive(what < 6 ? tests::site::outside : tests::site::inside);
  run_burst();
  switch (what) {
    case 10: return pass(input_.byte());
    case 11: return pass(std::uint32_t{1} << input_.byte() % 30);
    case 12: return edit_servers();
    case 13: return edit_service();
    case 14: return edit_settings();
    default: return edit_next_hop();
  }
}

void Director::receive(net::PortId in) {
  const std::uint8_t buffer = input_.byte();
  const std::size_t headroom = (buffer & 15) == 15 ? buffer >> 4 : 128;
  Received packet{.sent = read_frame(input_, in == tests::site::inside), .memory = {}, .size = 0, .view = {}};
  packet.size = headroom + packet.sent.size();
  packet.memory = std::make_unique<std::uint8_t[]>(packet.size);
  std::copy(packet.sent.begin(), packet.sent.end(), packet.memory.get() + headroom);
  packet.view.frame = packet.memory.get() + headroom;
  packet.view.length = static_cast<std::uint16_t>(packet.sent.size());
  packet.view.headroom = static_cast<std::uint16_t>(headroom);
  packet.view.port = in;
  packet.view.segmented = (buffer & 15) == 14;
  received_.push_back(std::move(packet));
  if (received_.size() == forward::burst_size) run_burst();
}

void Director::run_burst() {
  upkeep_.run(connections_, context_, upkeep_budget);
  for (std::size_t i = 0; i < received_.size(); ++i) burst_.packets[i] = received_[i].view;
  burst_.begin(static_cast<std::uint32_t>(received_.size()));
  forward::run(burst_, connections_, context_);
  require(burst_.undecided.empty(), "every packet has a verdict");
  for (std::uint32_t i = 0; i < burst_.count; ++i) check_packet(i);
  connections_.end_burst(now_, 0);
  check_table();
  received_.clear();
}

void Director::check_packet(std::uint32_t i) const {
  const Received& packet = received_[i];
  const net::PacketView& view = burst_.packets[i];
  const Verdict verdict = burst_.verdicts[i];
  require(static_cast<std::size_t>(verdict) < forward::verdict_count, "a verdict is one of those named");
  require(burst_.transmitted.contains(i) == (verdict == Verdict::transmit), "transmitted are those with that verdict");
  require(view.frame >= packet.memory.get() && view.frame + view.length <= packet.memory.get() + packet.size,
          "a packet lies within its buffer");
  if (must_be_untouched(verdict)) require(bytes_of(view) == packet.sent, "what does not go on stays as it was");
  if (verdict == Verdict::transmit) check_transmitted(packet, view);
  if (forward::is_answer(verdict)) {
    const Bytes answer = bytes_of(view);
    require(has_right_header(answer, view.network_offset), "an answer has a right IP checksum");
    require(has_right_transport(answer, view.network_offset), "an answer has a right ICMP checksum");
    require(view.network_length <= 576, "an answer is no longer than 576 bytes");
  }
}

/// One hop older, checksums as right or wrong as they were.
void Director::check_transmitted(const Received& packet, const net::PacketView& view) const {
  constexpr std::size_t link = 14;
  constexpr std::uint8_t ipip = 4;
  const Bytes out = bytes_of(view);
  require(has_right_header(out, link), "what goes out has a right IP checksum");
  const std::size_t inner = out[link + 9] == ipip ? link + 20 : link;
  require(has_right_header(out, inner), "what is tunnelled has a right IP checksum");
  const std::size_t before = view.network_offset;  // sending leaves it
  require(out[inner + 8] + 1 == packet.sent[before + 8], "the TTL is one less");
  require(has_right_transport(out, inner) == has_right_transport(packet.sent, before),
          "the transport's checksum is as right as it was");
}

void Director::check_table() {
  std::uint64_t live = 0, keys = 0;
  for (std::uint32_t slot = 0; slot < capacity; ++slot) {
    const conn::Hot& entry = connections_.hot(slot);
    if (!entry.has(conn::Hot::live)) continue;
    ++live;
    keys += entry.forwarding == Forwarding::nat ? 2 : 1;
    require(conn::is_active(entry.state) != entry.has(conn::Hot::inactive), "a connection counts as its state says");
  }
  require(connections_.counts().connections == live, "connections are counted");
  require(connections_.keys() == keys, "the index knows the connections and nothing else");
  std::uint64_t counted = 0;
  const service::ServerLine* lines = services_.lines(0);
  for (std::uint32_t id = 0; id < services_.id_end(); ++id)
    counted += std::uint64_t{lines[id].active.get()} + lines[id].inactive.get();
  require(counted == live, "every connection is counted with its server");
}

void Director::pass(std::uint32_t milliseconds) {
  now_ = base::later(now_, milliseconds);
  context_.now = now_;
  upkeep_.run(connections_, context_, upkeep_budget);
  while (connections_.end_burst(now_, upkeep_budget)) {}
  while (templates_.sweep(template_share_, now_, services_.lines(0))) {}
  check_table();
}

void Director::edit_servers() {
  const std::uint8_t which = input_.byte(), how = input_.byte();
  const service::ServiceKey& edited = keys_[which % keys_.size()];
  if (!services_.has(edited)) return;
  const auto version = services_.current(edited);
  const auto forwarding = static_cast<Forwarding>(how >> 2 & 3u) == Forwarding{3}
                              ? Forwarding::nat
                              : static_cast<Forwarding>(how >> 2 & 3u);
  const service::ServerSpec spec = server(1 + (which >> 4) % 10u, how & 128 ? 8080 : 80, forwarding, how >> 4 & 3u);
  const auto found = std::find_if(version->servers.begin(), version->servers.end(),
                                  [&](const service::Server& one) { return one.address == spec.address; });
  const std::string name = net::to_string(spec.address);
  if (found == version->servers.end()) return services_.add_server(edited, spec);
  if ((how & 3) == 0) {
    services_.remove_server(edited, name);
    return upkeep_.server_deleted();
  }
  services_.set_weight(edited, name, spec.weight);
}

/// A service goes, or comes back with another scheduler and no servers.
void Director::edit_service() {
  const std::uint8_t which = input_.byte(), how = input_.byte();
  const service::ServiceKey edited = keys_[which % keys_.size()];
  if (!services_.has(edited))
    return services_.add(
        {.name = {}, .key = edited, .scheduler = scheduler(how), .persistence = how & 64 ? 5u : 0u, .servers = {}});
  services_.remove(edited);
  upkeep_.server_deleted();
}

void Director::edit_settings() {
  service::Settings settings = context_.services.settings();
  const service::SettingInfo& info = service::settings_table[input_.byte() % service::settings_table.size()];
  const std::uint32_t value = input_.byte();
  const std::uint32_t high = std::min(info.high, longest_timeout);
  settings.*info.field = std::clamp(high < 255 ? value % (high + 1) : value * value, info.low, high);
  services_.table().put(settings);
}

void Director::edit_next_hop() {
  const std::uint8_t which = input_.byte(), how = input_.byte();
  route::NextHop& hop = routes_.next_hops[1 + which % (routes_.next_hops.size() - 1)];
  if (how & 1)
    hop.resolved = !hop.resolved;
  else
    hop.mtu = static_cast<std::uint16_t>(68 + 8 * how);
}

void Director::finish() {
  if (connections_.counts().connections == 0) return;  // check_table has seen the rest
  pass(longest_timeout * 1000u);
  require(connections_.counts().connections == 0, "in the end every connection is over");
  require(connections_.keys() == 0, "in the end the index is empty");
}

}  // namespace fairway::fuzz
