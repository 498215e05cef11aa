// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/devices.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/eal.hpp"

using namespace fairway;

TEST_CASE("PCI addresses are told from virtual devices, and names from their arguments") {
  CHECK(dpdk::is_pci_device("0000:03:00.0"));
  CHECK(dpdk::is_pci_device("0000:af:1f.7,mprq_en=1"));
  CHECK_FALSE(dpdk::is_pci_device("03:00.0"));
  CHECK_FALSE(dpdk::is_pci_device("0000:03:00.8"));
  CHECK_FALSE(dpdk::is_pci_device("net_tap0,iface=0000:03:00.0"));
  CHECK(dpdk::device_name("net_tap0,iface=x,mac=y") == "net_tap0");
  CHECK(dpdk::device_name("0000:03:00.0") == "0000:03:00.0");
}

TEST_CASE("devices that cannot be made are errors that name them and the reason") {
  auto& eal = tests::eal();
  const auto error = [&eal](const std::string& device) {
    const auto added = eal.add_device(device);
    return added ? "no error" : added.error().message;
  };
  if (geteuid() != 0)
    CHECK_THAT(error("net_tap99"), Catch::EndsWith(" (it needs root, or CAP_NET_ADMIN and CAP_NET_RAW)"));
  CHECK(error("net_nonsense0").find("net_nonsense0: there is no driver net_nonsense in ") != std::string::npos);
  CHECK_THAT(error("net_pcap1,rx_pcap=/nonexistent/file"), Catch::Contains("file: Couldn't open /nonexistent/file"));
  REQUIRE(eal.add_device("net_null1"));
  CHECK_THAT(error("net_null1,size=100"), Catch::Contains("one of this name exists"));
  CHECK_THAT(error("net_af_packet0,iface=nonexistent"), Catch::EndsWith(": Linux has no interface nonexistent"));
  CHECK_THAT(error("net_af_xdp0,start_queue=0,iface=nonexistent,x=1"), Catch::EndsWith("no interface nonexistent"));
}
