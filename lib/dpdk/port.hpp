// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <rte_ethdev.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "dpdk/packet.hpp"
#include "dpdk/pool.hpp"
#include "dpdk/steering.hpp"
#include "net/address.hpp"

namespace fairway::dpdk {

struct PortSettings {
  std::string device = {};            // as given to EAL: net_tap0,iface=x or a PCI address
  std::uint16_t receive_queues = 1;   // wanted; there may be fewer
  std::uint16_t transmit_queues = 1;  // wanted, one a worker; there may be fewer
  std::uint16_t workers = 1;          // receive queue q is polled by worker q % workers
  Faces faces = Faces::both;
  std::uint16_t mtu = 1500;  // of IP packets, in bytes
  bool promiscuous = false;
  bool receive_events = false;               // a worker wants to wait for packets instead of polling
  std::uint16_t receive_descriptors = 1024;  // a queue
  std::uint16_t transmit_descriptors = 1024;
};

/// What the device has counted since it was opened.
struct PortStatistics {
  std::uint64_t received_packets = 0, received_bytes = 0;
  std::uint64_t sent_packets = 0, sent_bytes = 0;
  std::uint64_t missed = 0;     // the receive queue was full
  std::uint64_t no_buffer = 0;  // the pool was empty
  std::uint64_t receive_errors = 0, transmit_errors = 0;
};

struct Link {
  bool up = false;
  std::uint32_t megabits = 0;  // a second; 0: unknown
};

/// What DPDK does not say of its virtual drivers (22.11); all others are taken to be NICs.
struct DriverTraits {
  std::string_view name;  // of the device, without its number
  bool true_link;         // the link goes down when the other end does
  bool receive_events;    // gives a descriptor to wait on
  bool paired_queues;     // must have as many receive as transmit queues
};
/// By the name of a device.
DriverTraits driver_traits(std::string_view device);

/// A device that packets come from and go to. Receive and transmit queues belong to one worker each; all else is control's.
class Port {
 public:
  /// Configures and starts the device with the most queues that it agrees to, at most as many as wanted, and has it steer
  /// packets as well as it can. MTU, promiscuous
  /// mode and groups are set before the start: a net_tap cannot be changed any more once its Linux side has moved to
  /// another namespace. Receive queue q takes its packets from pools[q % size]; there is at least one. Errors name the device.
  static base::Result<Port> open(const PortSettings& settings, std::span<Pool* const> pools);
  Port(Port&& other) noexcept;
  Port& operator=(Port&&) = delete;
  ~Port();  // stops and closes the device; a net_tap's Linux side vanishes with it

  // The data path. `queue` is the calling worker's own.
  unsigned receive(std::uint16_t queue, Packet** packets, std::uint16_t count) noexcept {
    return rte_eth_rx_burst(number_, queue, packets, count);
  }
  /// Sends or frees every packet; returns the number of those that the device refused.
  unsigned transmit(std::uint16_t queue, Packet** packets, std::uint16_t count) noexcept {
    const unsigned sent = rte_eth_tx_burst(number_, queue, packets, count);
    return sent == count ? 0 : transmit_rest(queue, packets + sent, count - sent);
  }

  std::uint16_t number() const { return number_; }  // DPDK's, as device(packet) says it
  std::uint16_t receive_queues() const { return receive_queues_; }
  /// Fewer than there are workers: the others must hand their packets to a worker that has one.
  std::uint16_t transmit_queues() const { return transmit_queues_; }

  /// By what the device spreads packets over its receive queues, as it was told.
  Steering steering() const { return steering_; }
  Faces faces() const { return faces_; }

  /// A descriptor that poll() finds readable when packets wait in the queue; -1: this device has none.
  int receive_event(std::uint16_t queue) const { return queue < events_.size() ? events_[queue] : -1; }
  /// Asks for the event of the queue, before waiting. Packets that came before it may cause none: look again after this.
  void arm_receive_event(std::uint16_t queue) noexcept;
  /// Takes it back, after waiting.
  void disarm_receive_event(std::uint16_t queue) noexcept;

  const net::MacAddress& mac() const { return mac_; }
  /// From now on receives frames to these addresses, and to others than its own no more. A device that cannot have so many
  /// is made promiscuous, and stays so.
  base::Result<void> receive_for(std::span<const net::MacAddress> macs);

  Link link() const;
  /// False: link() says up whatever happens, or says nothing of the other end.
  bool has_true_link() const { return traits_.true_link; }
  PortStatistics statistics() const;
  const std::string& device() const { return device_; }  // without its arguments
  const std::string& driver() const { return driver_; }
  /// The device's interface in Linux, of the moment it was opened; empty: none.
  const std::string& linux_interface() const { return linux_interface_; }
  int socket() const { return rte_eth_dev_socket_id(number_); }

 private:
  Port(std::uint16_t number, const PortSettings& settings);

  base::Result<void> start_with_most_queues(const PortSettings& settings, std::span<Pool* const> pools);
  void look_around(const rte_eth_dev_info& info);
  base::Result<void> receive_for(const net::MacAddress& mac);
  unsigned transmit_rest(std::uint16_t queue, Packet** packets, unsigned count) noexcept;

  std::uint16_t number_;  // DPDK's
  std::uint16_t receive_queues_ = 0;
  std::uint16_t transmit_queues_ = 0;
  Steering steering_ = Steering::none;
  Faces faces_ = Faces::both;
  bool open_ = true;
  std::vector<int> events_;  // by queue
  net::MacAddress mac_;
  std::vector<net::MacAddress> other_macs_;  // that it receives for
  DriverTraits traits_;
  std::string device_;
  std::string driver_;
  std::string linux_interface_;
};

}  // namespace fairway::dpdk
