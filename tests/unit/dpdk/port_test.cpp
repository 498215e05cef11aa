// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/port.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <vector>

#include "support/eal.hpp"

namespace {

using namespace fairway;
using Frame = std::vector<std::uint8_t>;

Frame frame(std::size_t size, std::uint8_t mark) { return Frame(size, mark); }

struct Fixture {
  dpdk::Eal& eal = tests::eal();
  dpdk::Pool pool = dpdk::Pool::create({.packets = 2047, .cache = 0}).value();
  std::array<dpdk::Pool*, 1> pools{&pool};

  dpdk::Port open(const std::string& device, dpdk::PortSettings settings = {}) {
    const auto added = eal.add_device(device);
    INFO((added ? "" : added.error().message));
    REQUIRE(added);
    settings.device = device;
    auto port = eal.open_port(settings, pools);
    INFO((port ? "" : port.error().message));
    REQUIRE(port);
    return std::move(*port);
  }

  std::vector<dpdk::Packet*> packets(const std::vector<Frame>& frames) {
    std::vector<dpdk::Packet*> list;
    for (const auto& bytes : frames) list.push_back(pool.copy_in(bytes));
    return list;
  }

  unsigned send(dpdk::Port& port, const std::vector<Frame>& frames) {
    auto list = packets(frames);
    return port.transmit(0, list.data(), static_cast<std::uint16_t>(list.size()));
  }

  static std::vector<Frame> receive(dpdk::Port& port, std::uint16_t queue = 0) {
    std::array<dpdk::Packet*, 32> burst;
    std::vector<Frame> frames;
    const unsigned count = port.receive(queue, burst.data(), burst.size());
    for (unsigned i = 0; i < count; ++i) {
      frames.emplace_back(dpdk::length(*burst[i]));
      REQUIRE(dpdk::copy_out(*burst[i], frames.back()) == frames.back().size());
    }
    dpdk::free(burst.data(), count);
    return frames;
  }
};

/// A file with a pcap header and these frames, as libpcap writes it; gone at the end.
class PcapFile {
 public:
  explicit PcapFile(const std::string& name, const std::vector<Frame>& frames = {})
      : path_(std::filesystem::temp_directory_path() / (name + "-" + std::to_string(getpid()) + ".pcap")) {
    std::ofstream file(path_, std::ios::binary);
    write(file, {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65'535, 1});
    for (const auto& frame : frames) {
      const auto size = static_cast<std::uint32_t>(frame.size());
      write(file, {0, 0, size, size});
      file.write(reinterpret_cast<const char*>(frame.data()), size);
    }
  }
  ~PcapFile() { std::filesystem::remove(path_); }

  std::string path() const { return path_; }
  std::vector<Frame> frames() const {
    std::ifstream file(path_, std::ios::binary);
    file.seekg(24);
    std::vector<Frame> list;
    for (std::array<std::uint32_t, 4> head; file.read(reinterpret_cast<char*>(head.data()), sizeof head);) {
      list.emplace_back(head[2]);
      file.read(reinterpret_cast<char*>(list.back().data()), head[2]);
    }
    return list;
  }

 private:
  static void write(std::ofstream& file, const std::vector<std::uint32_t>& words) {
    file.write(reinterpret_cast<const char*>(words.data()), static_cast<std::streamsize>(words.size() * 4));
  }

  std::filesystem::path path_;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what a looped port sends it receives, and both are counted") {
  auto port = open("net_ring0");
  CHECK(send(port, {frame(60, 1), frame(1514, 2)}) == 0);
  CHECK(receive(port) == std::vector<Frame>{frame(60, 1), frame(1514, 2)});
  CHECK(receive(port).empty());
  CHECK(port.statistics().sent_packets == 2);
  CHECK(port.statistics().received_packets == 2);
  CHECK(port.device() == "net_ring0");
  CHECK(port.driver() == "net_ring");
  CHECK(port.linux_interface().empty());
  CHECK_FALSE(port.has_true_link());
  CHECK(port.link().up);
  CHECK(port.receive_event(0) == -1);
  CHECK(pool.available() == pool.size());
}

TEST_CASE_METHOD(Fixture, "packets that a full queue refuses are freed and counted, the others sent") {
  auto port = open("net_ring1");
  unsigned refused = 0;
  for (int i = 0; i < 40; ++i) refused += send(port, std::vector<Frame>(32, frame(60, 1)));
  const unsigned kept = pool.size() - pool.available();
  CHECK(refused > 0);
  CHECK(kept + refused == 40 * 32);
  std::size_t received = 0;
  for (std::size_t burst; (burst = receive(port).size()) > 0;) received += burst;
  CHECK(received == kept);
  CHECK(pool.available() == pool.size());
}

TEST_CASE_METHOD(Fixture, "a port takes as many queues as wanted if it has them, else fewer") {
  auto null = open("net_null0", {.receive_queues = 3, .transmit_queues = 4});
  CHECK(null.receive_queues() == 3);
  CHECK(null.transmit_queues() == 4);
  CHECK(receive(null, 2).size() == 32);
  auto ring = open("net_ring2", {.receive_queues = 100, .transmit_queues = 100});
  CHECK(ring.receive_queues() >= 1);
  CHECK(ring.receive_queues() < 100);
}

TEST_CASE_METHOD(Fixture, "a port of capture files receives the one and writes the other") {
  const std::vector<Frame> frames{frame(60, 1), frame(61, 2), frame(1514, 3)};
  const PcapFile input("in", frames);
  const PcapFile output("out");
  {
    auto port = open("net_pcap0,rx_pcap=" + input.path() + ",tx_pcap=" + output.path());
    CHECK(receive(port) == frames);
    CHECK(send(port, {frames[2], frames[0]}) == 0);
  }
  CHECK(output.frames() == std::vector<Frame>{frames[2], frames[0]});
}

TEST_CASE_METHOD(Fixture, "ports that cannot be opened are errors that name the device and the reason") {
  const auto error = [this](const dpdk::PortSettings& settings) {
    const auto port = eal.open_port(settings, pools);
    return port ? "no error" : port.error().message;
  };
  CHECK_THAT(error({.device = "net_null99"}), Catch::Contains("device net_null99: DPDK has no port of this name"));
  REQUIRE(eal.add_device("net_null2"));
  CHECK_THAT(error({.device = "net_null2", .mtu = 20}),
             Catch::Contains("its MTU can be 46 to") && Catch::Contains("not 20"));
}

TEST_CASE("drivers are known by the names of their devices") {
  CHECK(dpdk::driver_traits("net_tap12,iface=x").paired_queues);
  CHECK_FALSE(dpdk::driver_traits("net_tap12,iface=x").true_link);
  CHECK(dpdk::driver_traits("0000:03:00.0").true_link);
  CHECK(dpdk::driver_traits("net_memif0").true_link);
}
