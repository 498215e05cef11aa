// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "director.hpp"

#include <algorithm>

#include "check_packet.hpp"
#include "require.hpp"

namespace fairway::fuzz {
namespace {

using service::Forwarding;

constexpr std::uint32_t upkeep_budget = 16;
constexpr std::uint32_t longest_timeout = 1'000'000;  // seconds
constexpr std::size_t many_next_hops = 300;           // so many are asked for ahead
constexpr base::Stamp start{0xffff0000u};             // the clock wraps in a minute
constexpr conn::HashKey hash_key{{0x9e3779b97f4a7c15u, 0xff51afd7ed558ccdu, 0xc4ceb9fe1a85ec53u, 0xd6e8feb86659fd93u}};

/// The tests' site, with one server behind a VLAN.
route::Snapshot site_routes() {
  constexpr std::uint16_t vlan = 7;
  route::Snapshot routes = tests::site::routes();
  set_header(routes.next_hops[tests::site::gateway_hop + tests::site::resolved_servers],
             tests::mac(tests::site::server_mac(9)), tests::mac(tests::site::inside_mac), vlan);
  return routes;
}

void mix(std::uint64_t& digest, std::uint64_t value) {
  digest = (digest ^ value) * 0x9e3779b97f4a7c15u;
  digest ^= digest >> 29;
}

}  // namespace

Director::Director(unsigned extras)
    : first_routes_(site_routes()),
      routes_(first_routes_),
      services_(extras, routes_),
      templates_(64, hash_key),
      first_connections_(entries_.storage(), hash_key, services_.lines(), conn::Timeouts(), start),
      connections_(first_connections_) {
  std::ranges::copy(entries_.storage().free, first_free_.begin());
  first_connections_.use_templates(templates_);
  first_connections_.use_limits(services_.limits(), services_.loads());
  first_connections_.use_watch(services_.watch());
}

std::uint64_t Director::play(Input input, std::size_t scheduler, unsigned workers) {
  begin(scheduler, workers);
  constexpr unsigned most = 512;
  for (unsigned steps = 0; steps < most && !input.is_at_end(); ++steps) step(input);
  run_burst();
  finish();
  end();
  return digest_;
}

void Director::begin(std::size_t scheduler, unsigned workers) {
  services_.begin(scheduler);
  now_ = start;
  template_share_ = templates_.share_of(0, 1, now_);
  connections_ = first_connections_;
  std::ranges::copy(first_free_, entries_.storage().free.begin());
  context_.emplace(forward::Context{.services = services_.table(),
                                    .statuses = services_.statuses(),
                                    .lines = services_.lines(),
                                    .loads = services_.loads(),
                                    .limits = services_.limits(),
                                    .watch = &services_.watch(),
                                    .templates = &templates_,
                                    .workers = workers,
                                    .now = now_,
                                    .routes = &routes_,
                                    .answers = {}});
  upkeep_ = {};
  if (workers > 1) routes_.next_hops.resize(many_next_hops);
  digest_ = 0;
}

/// Time passes until nothing may be left.
void Director::finish() {
  if (connections_.counts().connections == 0 && templates_left() == 0) return;  // check_table has seen the rest
  pass(longest_timeout * 1000u);
  if (templates_left() != 0) pass(61'000);  // put off while they had connections; looked for once a second
  require(connections_.counts().connections == 0, "in the end every connection is over");
  require(connections_.keys() == 0, "in the end the index is empty");
  require(templates_left() == 0, "in the end every template is over");
}

void Director::end() {
  routes_.next_hops = first_routes_.next_hops;
  for (std::size_t port = 0; port < routes_.ports.size(); ++port)
    routes_.ports[port].local = first_routes_.ports[port].local;
  services_.end();
}

void Director::step(Input& input) {
  const std::uint8_t what = input.byte() % 16;
  if (what < 10) return receive(input, what < 6 ? Origin::client : what < 9 ? Origin::server : Origin::kernel);
  run_burst();
  switch (what) {
    case 10: return pass(input.byte());
    case 11: return pass(std::uint32_t{1} << input.byte() % 30);
    case 12: return edit_servers(input);
    case 13: return edit_service(input);
    case 14: return edit_settings(input);
    default: return edit_routes(input);
  }
}

void Director::receive(Input& input, Origin origin) {
  const bool is_from_kernel = origin == Origin::kernel;
  if (received_count_ == forward::burst_size || is_from_kernel != is_from_kernel_) run_burst();
  is_from_kernel_ = is_from_kernel;
  Received& packet = received_[received_count_++];
  const std::uint8_t buffer = input.byte();
  const std::size_t headroom = (buffer & 15) == 15 ? buffer >> 4 : 128;
  read_frame(input, origin, packet.sent);
  packet.size = headroom + packet.sent.size;
  packet.memory = std::make_unique_for_overwrite<std::uint8_t[]>(packet.size);
  std::memcpy(packet.memory.get() + headroom, packet.sent.room.data(), packet.sent.size);
  packet.view = {};
  packet.view.frame = packet.memory.get() + headroom;
  packet.view.length = static_cast<std::uint16_t>(packet.sent.size);
  packet.view.headroom = static_cast<std::uint16_t>(headroom);
  packet.view.port = origin == Origin::server ? tests::site::inside : tests::site::outside;
  packet.view.segmented = (buffer & 15) == 14;
  if ((buffer & 15) == 13) packet.view.port = {2};  // one that is nobody's
}

void Director::run_burst() {
  if (received_count_ == 0) return;
  upkeep_.run(connections_, *context_, upkeep_budget);
  for (std::uint32_t i = 0; i < received_count_; ++i) burst_.packets[i] = received_[i].view;
  burst_.begin(received_count_);
  if (is_from_kernel_)
    forward::run_from_kernel(burst_, connections_, *context_);
  else
    forward::run(burst_, connections_, *context_);
  check_burst();
  connections_.end_burst(now_, 0);
  check_table();
  for (std::uint32_t i = 0; i < received_count_; ++i) received_[i].memory.reset();
  received_count_ = 0;
}

void Director::check_burst() {
  require(burst_.undecided.empty(), "every packet has a verdict");
  std::uint32_t transmitted = 0;
  for (std::uint32_t i = 0; i < burst_.count; ++i) {
    transmitted += burst_.verdicts[i] == forward::Verdict::transmit ? 1 : 0;
    (is_from_kernel_ ? check_packet_from_kernel : check_packet)(burst_, i, received_[i]);
    const net::PacketView& view = burst_.packets[i];
    mix(digest_,
        std::uint64_t{view.length} << 16 | static_cast<std::uint64_t>(burst_.verdicts[i]) << 8 | view.port.value);
    if (view.length > 4) mix(digest_, view.frame[view.length / 2] << 8 | view.frame[4]);
  }
  require(burst_.transmitted.count() == transmitted, "transmitted are those with that verdict");
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
  const service::ServerLine* lines = services_.lines();
  const auto count = [&](std::uint32_t id) {
    const std::uint64_t both = std::uint64_t{lines[id].active.get()} + lines[id].inactive.get();
    require(both == lines[id].total.get(), "a server's connections are its active and its inactive ones");
    counted += both;
  };
  for (std::uint32_t id = 0; id < services_.id_end(); ++id) count(id);
  count(service::no_server);
  require(counted == live, "every connection is counted with its server");
}

std::uint32_t Director::templates_left() {
  std::uint32_t left = 0;
  for (std::uint32_t id = 0; id < services_.id_end(); ++id) left += services_.lines()[id].persistent.get();
  return left;
}

void Director::pass(std::uint32_t milliseconds) {
  now_ = base::later(now_, milliseconds);
  context_->now = now_;
  upkeep_.run(connections_, *context_, upkeep_budget);
  while (connections_.end_burst(now_, upkeep_budget)) {}
  while (templates_.sweep(template_share_, now_, services_.lines())) {}
  check_table();
}

void Director::edit_servers(Input& input) {
  const std::uint8_t which = input.byte(), how = input.byte();
  const std::size_t number = (which & 15u) % services_.size();
  if (!services_.has(number)) return;
  const net::Address address = server_address(1 + (which >> 4) % server_numbers);
  const auto& servers = services_.current(number).servers;
  const std::uint32_t weight = how >> 4 & 3u;
  if (std::ranges::none_of(servers, [&](const service::Server& one) { return one.address == address; })) {
    const unsigned forwarding = how >> 2 & 3u;
    return services_.add_server(number, {.address = address,
                                         .port = net::ServicePort(how & 128 ? 8080 : 80),
                                         .weight = weight,
                                         .forwarding = Forwarding{static_cast<std::uint8_t>(forwarding % 3)},
                                         .upper_threshold = how >> 6 & 1u});
  }
  if ((how & 3) == 0) {
    services_.remove_server(number, address);
    return upkeep_.server_deleted();
  }
  if ((how & 3) == 1) return services_.withdraw(number, address);
  services_.set_weight(number, address, weight);
}

/// A service goes, or comes back with another scheduler (one of the first, which are quickly made) and no servers.
void Director::edit_service(Input& input) {
  const std::uint8_t which = input.byte(), how = input.byte();
  const std::size_t number = which % services_.size();
  if (!services_.has(number)) return services_.add(number, how % 4u, how & 64 ? 5 : 0);
  services_.remove(number);
  upkeep_.server_deleted();
}

void Director::edit_settings(Input& input) {
  service::Settings settings = context_->services.settings();
  const service::SettingInfo& info = service::settings_table[input.byte() % service::settings_table.size()];
  const std::uint32_t value = input.byte();
  const std::uint32_t high = std::min(info.high, longest_timeout);
  settings.*info.field = std::clamp(high < 255 ? value % (high + 1) : value * value, info.low, high);
  services_.put(settings);
}

/// A neighbour is lost or found, an MTU changes, a port loses its addresses or gets them back.
void Director::edit_routes(Input& input) {
  const std::uint8_t which = input.byte(), how = input.byte();
  if (constexpr std::uint8_t first = 0xf0; which >= first && which < first + routes_.ports.size()) {
    const std::size_t port = which - first;
    auto& local = routes_.ports[port].local;
    local = local.empty() ? first_routes_.ports[port].local : decltype(routes_.ports[port].local)();
    return services_.resolve(routes_);
  }
  route::NextHop& hop = routes_.next_hops[1 + which % (first_routes_.next_hops.size() - 1)];
  if (how & 1)
    hop.resolved = !hop.resolved;
  else
    hop.mtu = static_cast<std::uint16_t>(68 + 8 * how);
}

}  // namespace fairway::fuzz
