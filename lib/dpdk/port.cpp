// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/port.hpp"

#include <net/if.h>
#include <rte_errno.h>
#include <rte_ether.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "dpdk/devices.hpp"

namespace fairway::dpdk {
namespace {

constexpr std::array<DriverTraits, 9> virtual_drivers{{
    {"net_tap", false, true, true},
    {"net_af_packet", false, false, false},
    {"net_af_xdp", false, false, true},
    {"net_null", false, false, false},
    {"net_pcap", false, false, false},
    {"net_ring", false, false, false},
    {"net_memif", true, false, false},
    {"net_vhost", true, true, false},
    {"net_virtio_user", true, true, true},
}};

/// One way to configure a device.
struct Attempt {
  std::uint16_t receive_queues;
  std::uint16_t transmit_queues;
  bool events;
  SteeringPlan steering = {};
};

std::vector<Attempt> attempts(const PortSettings& settings, const DriverTraits& traits, const rte_eth_dev_info& info) {
  const auto receive =
      std::clamp<std::uint16_t>(settings.receive_queues, 1, std::max<std::uint16_t>(info.max_rx_queues, 1));
  const auto transmit =
      std::clamp<std::uint16_t>(settings.transmit_queues, 1, std::max<std::uint16_t>(info.max_tx_queues, 1));
  std::vector<Attempt> list;
  for (std::uint16_t queues = receive; queues >= 1; --queues)
    for (const SteeringPlan& steering : plan_steering(info, settings.faces, queues, settings.workers))
      for (const bool events : {true, false}) {
        if (events && !(settings.receive_events && traits.receive_events)) continue;
        if (!traits.paired_queues) list.push_back({queues, transmit, events, steering});
        if (traits.paired_queues || transmit != queues) list.push_back({queues, queues, events, steering});
      }
  return list;
}

rte_eth_conf configuration(const PortSettings& settings, const Attempt& attempt, const rte_eth_dev_info& info,
                           std::size_t frame_bytes) {
  rte_eth_conf conf{};
  conf.rxmode.mtu = settings.mtu;
  conf.intr_conf.rxq = attempt.events ? 1 : 0;
  if (const SteeringPlan& steering = attempt.steering; steering.types != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rxmode.offloads |= steering.offloads;
    conf.rx_adv_conf.rss_conf.rss_hf = steering.types;
    conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<std::uint8_t>(steering.key.size());
    // DPDK only reads it, through a pointer that it shares with calls that write.
    if (!steering.key.empty()) conf.rx_adv_conf.rss_conf.rss_key = const_cast<std::uint8_t*>(steering.key.data());
  }
  constexpr std::size_t longest_link_header = 14 + 2 * 4 + 4;  // with two VLAN tags and the check sequence
  if (settings.mtu + longest_link_header > frame_bytes)
    conf.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
  conf.txmode.offloads |= info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
  return conf;
}

int set_up_queues(std::uint16_t number, const PortSettings& settings, const Attempt& attempt,
                  std::span<Pool* const> pools) {
  std::uint16_t receive_descriptors = settings.receive_descriptors;
  std::uint16_t transmit_descriptors = settings.transmit_descriptors;
  if (const int result = rte_eth_dev_adjust_nb_rx_tx_desc(number, &receive_descriptors, &transmit_descriptors))
    return result;
  const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(number));
  for (std::uint16_t queue = 0; queue < attempt.receive_queues; ++queue)
    if (const int result = rte_eth_rx_queue_setup(number, queue, receive_descriptors, socket, nullptr,
                                                  pools[queue % pools.size()]->get()))
      return result;
  for (std::uint16_t queue = 0; queue < attempt.transmit_queues; ++queue)
    if (const int result = rte_eth_tx_queue_setup(number, queue, transmit_descriptors, socket, nullptr)) return result;
  return 0;
}

// Where a driver has no such switch it does not filter, or has nothing to filter.
int unless_unsupported(int result) { return result == -ENOTSUP ? 0 : result; }

int set_modes(std::uint16_t number, const PortSettings& settings) {
  if (const int result = unless_unsupported(rte_eth_dev_set_mtu(number, settings.mtu))) return result;
  if (settings.promiscuous)
    if (const int result = unless_unsupported(rte_eth_promiscuous_enable(number))) return result;
  // VRRP, OSPF and IPv6's neighbour discovery come to groups.
  return unless_unsupported(rte_eth_allmulticast_enable(number));
}

/// What could not be done, and DPDK's number for the reason.
struct Failure {
  const char* step = nullptr;
  int code = 0;
};

Failure try_to_start(std::uint16_t number, const PortSettings& settings, const Attempt& attempt,
                     const rte_eth_dev_info& info, std::span<Pool* const> pools) {
  const rte_eth_conf conf = configuration(settings, attempt, info, pools[0]->frame_bytes());
  if (const int result = rte_eth_dev_configure(number, attempt.receive_queues, attempt.transmit_queues, &conf))
    return {"configure it", result};
  if (const int result = set_up_queues(number, settings, attempt, pools)) return {"set up its queues", result};
  if (const int result = set_modes(number, settings)) return {"set its MTU and modes", result};
  if (const int result = rte_eth_dev_start(number)) return {"start it", result};
  if (const int result = program_redirection(number, attempt.steering)) {
    rte_eth_dev_stop(number);
    return {"tell it which queue takes which packets", result};
  }
  return {};
}

rte_ether_addr to_dpdk(const net::MacAddress& mac) {
  rte_ether_addr address;
  std::memcpy(address.addr_bytes, mac.bytes.data(), mac.bytes.size());
  return address;
}

base::Error error(const std::string& device, const std::string& text) {
  return base::Error{"device " + device + ": " + text};
}

// ethdev holds the MTU against the longest frame too, with what the driver says to lie around the packet: a net_tap takes
// no more than 1504 for that reason.
std::uint32_t largest_mtu(const rte_eth_dev_info& info) {
  const bool overhead_known = info.max_mtu != UINT16_MAX && info.max_rx_pktlen > info.max_mtu;
  const std::uint32_t overhead =
      overhead_known ? info.max_rx_pktlen - info.max_mtu : RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
  return std::min<std::uint32_t>(info.max_mtu, info.max_rx_pktlen - overhead);
}

base::Result<void> check(const PortSettings& settings, const rte_eth_dev_info& info) {
  const std::uint32_t largest = largest_mtu(info);
  if (settings.mtu >= info.min_mtu && settings.mtu <= largest) return {};
  return error(settings.device, "its MTU can be " + std::to_string(info.min_mtu) + " to " + std::to_string(largest) +
                                    ", not " + std::to_string(settings.mtu));
}

}  // namespace

DriverTraits driver_traits(std::string_view device) {
  std::string_view name = device_name(device);
  name = name.substr(0, name.find_last_not_of("0123456789") + 1);
  for (const DriverTraits& traits : virtual_drivers)
    if (traits.name == name) return traits;
  return {{}, true, true, false};
}

Port::Port(std::uint16_t number, const PortSettings& settings)
    : number_(number),
      faces_(settings.faces),
      traits_(driver_traits(settings.device)),
      device_(device_name(settings.device)) {}

Port::Port(Port&& other) noexcept
    : number_(other.number_),
      receive_queues_(other.receive_queues_),
      transmit_queues_(other.transmit_queues_),
      steering_(other.steering_),
      faces_(other.faces_),
      open_(std::exchange(other.open_, false)),
      events_(std::move(other.events_)),
      mac_(other.mac_),
      other_macs_(std::move(other.other_macs_)),
      traits_(other.traits_),
      device_(std::move(other.device_)),
      driver_(std::move(other.driver_)),
      linux_interface_(std::move(other.linux_interface_)) {}

Port::~Port() {
  if (!open_) return;
  // May fail, or claim success, for a net_tap whose Linux side is elsewhere: closing it is what counts.
  rte_eth_dev_stop(number_);
  rte_eth_dev_close(number_);
}

base::Result<Port> Port::open(const PortSettings& settings, std::span<Pool* const> pools) {
  std::uint16_t number = 0;
  if (rte_eth_dev_get_port_by_name(std::string(device_name(settings.device)).c_str(), &number) != 0)
    return error(settings.device, "DPDK has no port of this name; its driver could not use the device");
  Port port(number, settings);
  if (auto result = port.start_with_most_queues(settings, pools); !result) return result.error();
  return port;
}

base::Result<void> Port::start_with_most_queues(const PortSettings& settings, std::span<Pool* const> pools) {
  rte_eth_dev_info info{};
  if (const int result = rte_eth_dev_info_get(number_, &info)) return error(settings.device, std::strerror(-result));
  if (auto result = check(settings, info); !result) return result;
  Failure failure;
  for (const Attempt& attempt : attempts(settings, traits_, info)) {
    failure = try_to_start(number_, settings, attempt, info, pools);
    if (failure.step != nullptr) continue;
    receive_queues_ = attempt.receive_queues;
    transmit_queues_ = attempt.transmit_queues;
    steering_ = attempt.steering.steering;
    if (attempt.events) events_.resize(receive_queues_, -1);
    look_around(info);
    return {};
  }
  return error(settings.device, std::string("cannot ") + failure.step + ": " + std::strerror(-failure.code));
}

void Port::look_around(const rte_eth_dev_info& info) {
  driver_ = info.driver_name;
  for (std::uint16_t queue = 0; queue < events_.size(); ++queue)
    events_[queue] = rte_eth_dev_rx_intr_ctl_q_get_fd(number_, queue);
  rte_ether_addr address{};
  rte_eth_macaddr_get(number_, &address);
  std::memcpy(mac_.bytes.data(), address.addr_bytes, mac_.bytes.size());
  char name[IF_NAMESIZE];
  if (info.if_index != 0 && if_indextoname(info.if_index, name) != nullptr) linux_interface_ = name;
  rte_eth_stats_reset(number_);
}

// A net_tap stops at a frame that is too long for it, again and again: so the packet that was refused twice is dropped and
// the rest tried. If the next is refused too, the queue is full, and there is no use in trying each.
unsigned Port::transmit_rest(std::uint16_t queue, Packet** packets, unsigned count) noexcept {
  unsigned refused = 0;
  bool stuck = false;
  while (count > 0) {
    const unsigned sent = rte_eth_tx_burst(number_, queue, packets, static_cast<std::uint16_t>(count));
    packets += sent;
    count -= sent;
    if (count == 0) break;
    const unsigned dropped = sent > 0 ? 0 : stuck ? count : 1;
    stuck = sent == 0;
    dpdk::free(packets, dropped);
    packets += dropped;
    count -= dropped;
    refused += dropped;
  }
  return refused;
}

void Port::arm_receive_event(std::uint16_t queue) noexcept { rte_eth_dev_rx_intr_enable(number_, queue); }

void Port::disarm_receive_event(std::uint16_t queue) noexcept { rte_eth_dev_rx_intr_disable(number_, queue); }

base::Result<void> Port::receive_for(std::span<const net::MacAddress> macs) {
  std::erase_if(other_macs_, [&](const net::MacAddress& mac) {
    if (std::ranges::find(macs, mac) != macs.end()) return false;
    rte_ether_addr address = to_dpdk(mac);
    rte_eth_dev_mac_addr_remove(number_, &address);
    return true;
  });
  base::Result<void> all;
  for (const net::MacAddress& mac : macs) {
    if (mac == mac_ || std::ranges::find(other_macs_, mac) != other_macs_.end()) continue;
    other_macs_.push_back(mac);
    if (auto done = receive_for(mac); !done) all = done;
  }
  return all;
}

// As Linux does with a device whose filter is full, or that has none to be told of.
base::Result<void> Port::receive_for(const net::MacAddress& mac) {
  rte_ether_addr address = to_dpdk(mac);
  if (rte_eth_dev_mac_addr_add(number_, &address, 0) == 0) return {};
  const int result = unless_unsupported(rte_eth_promiscuous_enable(number_));
  if (result == 0) return {};
  return error(device_, "cannot receive for " + net::to_string(mac) + ": " + std::strerror(-result));
}

Link Port::link() const {
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(number_, &link) != 0) return {};
  const bool known = link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN;
  return {.up = link.link_status == RTE_ETH_LINK_UP, .megabits = known ? link.link_speed : 0};
}

PortStatistics Port::statistics() const {
  rte_eth_stats counted{};
  rte_eth_stats_get(number_, &counted);
  return {.received_packets = counted.ipackets,
          .received_bytes = counted.ibytes,
          .sent_packets = counted.opackets,
          .sent_bytes = counted.obytes,
          .missed = counted.imissed,
          .no_buffer = counted.rx_nombuf,
          .receive_errors = counted.ierrors,
          .transmit_errors = counted.oerrors};
}

}  // namespace fairway::dpdk
