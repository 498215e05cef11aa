// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "config/device.hpp"

#include <catch2/catch.hpp>

using namespace fairway::config;

namespace {

std::string error_of(std::string_view text) {
  const auto device = parse_device(text);
  return device ? "" : device.error().message;
}

}  // namespace

TEST_CASE("a PCI address may leave its domain out") {
  CHECK(parse_device("0000:03:00.0")->name == "0000:03:00.0");
  CHECK(parse_device("03:00.0")->name == "0000:03:00.0");
  CHECK(parse_device("0000:AF:1f.7")->name == "0000:af:1f.7");
  CHECK(parse_device("10000:01:00.0")->name == "10000:01:00.0");
  CHECK_FALSE(parse_device("03:00.0")->is_virtual());
  CHECK(parse_device("03:00.0,mprq_en=1")->argument("mprq_en") == "1");
}

TEST_CASE("a virtual device has a driver, a name and arguments") {
  const auto device = parse_device("net_tap0,iface=x,mac=02:00:00:00:00:01,persist");
  REQUIRE(device);
  CHECK(device->driver == "net_tap");
  CHECK(device->name == "net_tap0");
  CHECK(device->argument("mac") == "02:00:00:00:00:01");
  CHECK(device->argument("persist").empty());
  CHECK(device->arguments.size() == 3);
  CHECK(device->linux_interface() == "x");
}

TEST_CASE("every virtual device that Fairway knows is taken") {
  for (const char* text :
       {"net_tap0", "net_tap_outside", "net_af_packet0,iface=eth1", "net_af_xdp0,iface=eth1,start_queue=0",
        "net_memif0,role=server", "net_null0,size=64", "net_pcap0,rx_pcap=f,infinite_rx=1", "net_ring0",
        "net_vhost0,iface=/run/a-long-path/x.sock", "net_virtio_user0,path=/run/x.sock"})
    CHECK(error_of(text) == "");
  CHECK(parse_device("net_vhost0,iface=/run/x.sock")->linux_interface().empty());
}

TEST_CASE("what DPDK would refuse is refused") {
  CHECK(error_of("net_af_packet0") == "net_af_packet needs iface=, as in net_af_packet0,iface=eth1");
  CHECK(error_of("net_af_xdp0,iface=") == "net_af_xdp needs iface=, as in net_af_xdp0,iface=eth1");
  CHECK(error_of("net_vhost0") == "net_vhost needs iface=, as in net_vhost0,iface=/run/x.sock");
  CHECK(error_of("net_virtio_user0") == "net_virtio_user needs path=, as in net_virtio_user0,path=/run/x.sock");
  CHECK(error_of("net_tap0,iface=sixteen-letters-") == "'sixteen-letters-' is no interface name: 1 to 15 characters");
  CHECK(error_of("net_tap0,") == "'' is no argument of a device such as iface=eth1");
  CHECK(error_of("net_tap0,=x") == "'=x' is no argument of a device such as iface=eth1");
  CHECK(error_of("net_tap0, iface=x") == "' iface=x' is no argument of a device such as iface=eth1");
  CHECK(error_of("net_tap 0") == "'net_tap 0' is no name of a virtual device such as net_tap0");
}

TEST_CASE("what is neither PCI nor a virtual device is refused") {
  for (const char* text : {"", "eth0", "net_bonding0", "03:00", "03:00.8", "003:00.0", "000:03:00.0", "0000:03:00.00",
                           "0000:3:00.0", "0000:03:0g.0", "123456789:03:00.0", "0000-03:00.0", "a:b:c:d"})
    CHECK(error_of(text) == "'" + std::string(text) +
                                "' is neither a PCI address such as 0000:03:00.0 nor a virtual device (net_af_packet, "
                                "net_af_xdp, net_memif, "
                                "net_null, net_pcap, net_ring, net_tap, net_vhost, net_virtio_user)");
}
