// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

// Ports whose other side is an interface of Linux: only root has them, and only where there is /dev/net/tun.
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "dpdk/port.hpp"
#include "support/eal.hpp"

namespace {

using namespace fairway;
using Frame = std::vector<std::uint8_t>;

constexpr std::uint16_t ether_type = 0x88b5;  // IEEE Std 802: for local experiments
constexpr int patience = 5000;                // milliseconds

/// This thread's network namespace is a new one for as long as it lives.
class Namespace {
 public:
  Namespace() : before_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    made_ = access("/dev/net/tun", R_OK | W_OK) == 0 && unshare(CLONE_NEWNET) == 0;
  }
  ~Namespace() {
    if (made_) setns(before_, CLONE_NEWNET);
    close(before_);
  }
  bool made() const { return made_; }

 private:
  int before_;
  bool made_ = false;
};

Frame frame(std::size_t size, std::uint8_t mark) {
  Frame bytes(size, mark);
  std::fill_n(bytes.begin(), 6, std::uint8_t{0xff});
  bytes[6] = 2;
  bytes[12] = ether_type >> 8;
  bytes[13] = ether_type & 0xff;
  return bytes;
}

/// The Linux side of a tap, seen by a packet socket.
class Interface {
 public:
  explicit Interface(const std::string& name) : name_(name), socket_(socket(AF_PACKET, SOCK_RAW, htons(ether_type))) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ether_type);
    address.sll_ifindex = static_cast<int>(if_nametoindex(name.c_str()));
    REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Interface() { close(socket_); }

  void send(const Frame& bytes) const {
    REQUIRE(::send(socket_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  Frame receive() const {
    pollfd descriptor{socket_, POLLIN, 0};
    REQUIRE(poll(&descriptor, 1, patience) == 1);
    Frame bytes(65'536);
    const ssize_t size = recv(socket_, bytes.data(), bytes.size(), 0);
    REQUIRE(size > 0);
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
  }
  int mtu() const {
    ifreq request{};
    std::strncpy(request.ifr_name, name_.c_str(), IFNAMSIZ - 1);
    REQUIRE(ioctl(socket_, SIOCGIFMTU, &request) == 0);
    return request.ifr_mtu;
  }

 private:
  std::string name_;
  int socket_;
};

/// Waits for a frame of ours; the kernel sends some of its own.
Frame receive(dpdk::Port& port, std::uint16_t queue) {
  pollfd descriptor{port.receive_event(queue), POLLIN, 0};
  for (;;) {
    dpdk::Packet* packet = nullptr;
    port.arm_receive_event(queue);
    while (port.receive(queue, &packet, 1) == 0) REQUIRE(poll(&descriptor, 1, patience) == 1);
    port.disarm_receive_event(queue);
    Frame bytes(dpdk::length(*packet));
    dpdk::copy_out(*packet, bytes);
    dpdk::free(packet);
    if (bytes[12] == ether_type >> 8 && bytes[13] == (ether_type & 0xff)) return bytes;
  }
}

struct Fixture {
  Namespace space;
  dpdk::Eal& eal = tests::eal();
  dpdk::Pool pool = dpdk::Pool::create({.packets = 8191, .cache = 0}).value();
  std::array<dpdk::Pool*, 1> pools{&pool};

  /// Nothing where this user may have no tap.
  std::optional<dpdk::Port> open(dpdk::PortSettings settings) {
    if (!space.made()) {
      WARN("left out: it needs root and /dev/net/tun");
      return std::nullopt;
    }
    REQUIRE(eal.add_device(settings.device));
    auto port = eal.open_port(settings, pools);
    INFO((port ? "" : port.error().message));
    REQUIRE(port);
    return std::move(*port);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "frames pass between a tap and its Linux side, announced by the receive event") {
  auto port = open({.device = "net_tap0,iface=one,mac=02:00:00:00:00:01", .mtu = 1504, .receive_events = true});
  if (!port) return;
  CHECK(port->linux_interface() == "one");
  CHECK(net::to_string(port->mac()) == "02:00:00:00:00:01");
  CHECK_FALSE(port->has_true_link());
  const Interface other("one");
  CHECK(other.mtu() == 1504);
  REQUIRE(port->receive_event(0) >= 0);
  CHECK(port->receive_event(1) == -1);
  other.send(frame(100, 1));
  CHECK(receive(*port, 0) == frame(100, 1));
  dpdk::Packet* packet = pool.copy_in(frame(1518, 2));
  CHECK(port->transmit(0, &packet, 1) == 0);
  CHECK(other.receive() == frame(1518, 2));
}

TEST_CASE_METHOD(Fixture, "a frame that is too long for a tap does not stop those behind it") {
  auto port = open({.device = "net_tap1,iface=two"});
  if (!port) return;
  const Interface other("two");
  std::array<dpdk::Packet*, 4> packets{pool.copy_in(frame(60, 1)), pool.copy_in(frame(2000, 2)),
                                       pool.copy_in(frame(61, 3)), pool.copy_in(frame(62, 4))};
  const std::uint32_t before = pool.available();
  CHECK(port->transmit(0, packets.data(), packets.size()) == 1);
  CHECK(pool.available() == before + packets.size());
  CHECK(other.receive() == frame(60, 1));
  CHECK(other.receive() == frame(61, 3));
  CHECK(other.receive() == frame(62, 4));
}

TEST_CASE_METHOD(Fixture, "a tap has as many receive as transmit queues") {
  auto two = open({.device = "net_tap2,iface=three", .receive_queues = 2, .transmit_queues = 2});
  if (!two) return;
  CHECK(two->receive_queues() == 2);
  CHECK(two->transmit_queues() == 2);
  auto one = open({.device = "net_tap3,iface=four", .receive_queues = 1, .transmit_queues = 2});
  CHECK(one->receive_queues() == 1);
  CHECK(one->transmit_queues() == 1);
}

TEST_CASE_METHOD(Fixture, "a tap with a larger MTU than its driver allows is an error that says what it allows") {
  if (!space.made()) return;
  REQUIRE(eal.add_device("net_tap5,iface=six"));
  const auto port = eal.open_port({.device = "net_tap5", .mtu = 1505}, pools);
  REQUIRE_FALSE(port);
  CHECK_THAT(port.error().message, Catch::EndsWith("its MTU can be 46 to 1504, not 1505"));
}

TEST_CASE_METHOD(Fixture, "no signal tells the process of a tap's packets") {
  auto port = open({.device = "net_tap4,iface=five"});
  if (!port) return;
  for (int number = SIGRTMIN + 1; number < SIGRTMAX; ++number) {
    struct sigaction action {};
    REQUIRE(sigaction(number, nullptr, &action) == 0);
    REQUIRE(action.sa_handler == SIG_IGN);
  }
}

TEST_CASE_METHOD(Fixture, "a port that has no filter for another MAC address receives everything for its sake") {
  if (!space.made()) return;
  REQUIRE(std::system("ip link add macs-near type veth peer macs-far && ip link set macs-near up") == 0);
  const auto is_promiscuous = [] { return std::system("ip link show macs-near | grep -q PROMISC") == 0; };
  auto port = open({.device = "net_af_packet7,iface=macs-near"});
  const net::MacAddress own = port->mac(), virtual_router{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x33}};
  CHECK(port->receive_for(std::array{own}));
  CHECK_FALSE(is_promiscuous());
  CHECK(port->receive_for(std::array{own, virtual_router}));
  CHECK(is_promiscuous());
  CHECK(port->receive_for(std::array{own, virtual_router}));
  CHECK(port->receive_for(std::array{own}));
}

TEST_CASE_METHOD(Fixture, "a port on an interface of Linux passes frames both ways, with every buffer of its pool") {
#ifdef __SANITIZE_ADDRESS__
  const __lsan::ScopedDisabler libxdp_forgets_80_bytes;
#endif
  const std::string driver = GENERATE("net_af_xdp", "net_af_packet");
  if (!space.made()) return;
  const std::string near = driver.substr(4, 5) + "-near", far = driver.substr(4, 5) + "-far";
  REQUIRE(std::system(("ip link add " + near + " type veth peer " + far + " && ip link set " + near +
                       " up && ip link set " + far + " up")
                          .c_str()) == 0);
  auto port = open({.device = driver + "0,iface=" + near, .promiscuous = true});
  CHECK(port->linux_interface() == near);
  CHECK(port->receive_event(0) == -1);
  const Interface other(far);
  for (unsigned i = 0; i < 2 * pool.size(); ++i) {
    const Frame bytes = frame(60 + i % 1400, static_cast<std::uint8_t>(i));
    other.send(bytes);
    std::array<dpdk::Packet*, 1> packet{};
    do {
      while (port->receive(0, packet.data(), 1) == 0) {}
    } while (packet[0]->pkt_len != bytes.size() && (dpdk::free(packet[0]), true));
    REQUIRE(port->transmit(0, packet.data(), 1) == 0);
    REQUIRE(other.receive() == bytes);
  }
}
