// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/request.hpp"

#include <catch2/catch.hpp>

#include "support/ipvs.hpp"

using namespace fairway;
using namespace fairway::control::ipvs;
using fairway::test::address;
using fairway::test::key;
using fairway::test::Message;
using fairway::test::port;

namespace {

Request decoded(const std::vector<char>& message) {
  return decode(std::span<const char>(message).subspan(NLMSG_HDRLEN), false).value();
}

/// A message whose service part is filled by hand.
template <class F>
Part<ServiceFields> service_of(F&& fill) {
  return decoded(Message(IPVS_CMD_NEW_SERVICE).nest(IPVS_CMD_ATTR_SERVICE, fill).take()).service;
}

template <class F>
Part<ServerFields> server_of(F&& fill, const service::ServiceKey& service = key()) {
  return decoded(Message(IPVS_CMD_NEW_DEST).service(service).nest(IPVS_CMD_ATTR_DEST, fill).take()).server;
}

}  // namespace

TEST_CASE("a service by address") {
  const auto request = decoded(Message(IPVS_CMD_NEW_SERVICE).service(key(5, 443), "wrr", 0x11, 300, 0xffffff).take());
  CHECK(request.command == IPVS_CMD_NEW_SERVICE);
  REQUIRE(request.service);
  const ServiceFields& service = request.service.value;
  CHECK(service.key == key(5, 443));
  CHECK(service.is_full);
  CHECK(service.scheduler == "wrr");
  CHECK(service.flags == 0x11);
  CHECK(service.mask == 0xffffffff);
  CHECK(service.timeout == 300);
  CHECK(service.netmask == 0xffffff);
  CHECK(service.persistence_engine.empty());
  CHECK_FALSE(request.server.is_there);
  CHECK_FALSE(request.daemon.is_there);
}

TEST_CASE("a service by mark and one of IPv6") {
  const auto mark = service::mark_key(99);
  CHECK(decoded(Message(IPVS_CMD_DEL_SERVICE).service(mark).take()).service.value.key == mark);
  const service::ServiceKey v6{.protocol = net::Protocol::udp, .address = address("2001:db8::1"), .port = port(53)};
  const auto part = decoded(Message(IPVS_CMD_DEL_SERVICE).service(v6).take()).service;
  REQUIRE(part);
  CHECK(part.value.key == v6);
  CHECK_FALSE(part.value.is_full);
}

TEST_CASE("what a service lacks has the kernel's error number") {
  const net::AddressBytes bytes{};
  CHECK(decoded(Message(IPVS_CMD_NEW_SERVICE).take()).service.error == EINVAL);
  CHECK(service_of([](Message&) {}).error == EINVAL);
  CHECK(service_of([](Message& m) { m.put16(IPVS_SVC_ATTR_AF, AF_INET); }).error == EINVAL);
  CHECK(service_of([](Message& m) { m.put16(IPVS_SVC_ATTR_AF, AF_UNIX).put32(IPVS_SVC_ATTR_FWMARK, 1); }).error ==
        EAFNOSUPPORT);
  CHECK(service_of([](Message& m) { m.put16(IPVS_SVC_ATTR_AF, AF_INET).put32(IPVS_SVC_ATTR_FWMARK, 0); }).error ==
        EINVAL);
  const auto with_address = [&](std::uint16_t family, std::size_t size) {
    return service_of([&](Message& m) {
      m.put16(IPVS_SVC_ATTR_AF, family).put16(IPVS_SVC_ATTR_PROTOCOL, 6).put16(IPVS_SVC_ATTR_PORT, 80);
      m.bytes(IPVS_SVC_ATTR_ADDR, &bytes, size);
    });
  };
  CHECK(with_address(AF_INET, 16).error == 0);
  CHECK(with_address(AF_INET, 4).error == 0);
  CHECK(with_address(AF_INET, 3).error == EINVAL);
  CHECK(with_address(AF_INET6, 4).error == EINVAL);
}

TEST_CASE("names longer than the kernel's are none") {
  const auto with_scheduler = [](const char* name) {
    return decoded(Message(IPVS_CMD_NEW_SERVICE).service(key(), name).take()).service.value.is_full;
  };
  CHECK(with_scheduler("fifteenletters_"));
  CHECK_FALSE(with_scheduler("sixteen_letters_"));
}

TEST_CASE("a destination takes its family from itself or from its service") {
  const net::Address v6 = address("2001:db8::7");
  const auto fill = [&](Message& m) {
    m.bytes(IPVS_DEST_ATTR_ADDR, &v6.bytes, sizeof v6.bytes).put16(IPVS_DEST_ATTR_PORT, 0x5000);
  };
  const service::ServiceKey service6{.address = v6, .port = port(80)};
  CHECK(server_of(fill, service6).value.address == v6);
  CHECK(server_of(fill).value.address == net::Address(net::Ipv4Address(0x20010db8)));
  const auto named = server_of([&](Message& m) { fill(m.put16(IPVS_DEST_ATTR_ADDR_FAMILY, AF_INET6)); });
  CHECK(named.value.address == v6);
  CHECK(named.value.port == port(80));
  CHECK_FALSE(named.value.is_full);
  CHECK(server_of([&](Message& m) { fill(m.put16(IPVS_DEST_ATTR_ADDR_FAMILY, 77)); }).error == EAFNOSUPPORT);
  CHECK(server_of([](Message&) {}).error == EINVAL);
}

TEST_CASE("a destination in full") {
  const auto part =
      decoded(Message(IPVS_CMD_NEW_DEST)
                  .service(key())
                  .server(address("192.0.2.1"), port(8080), IP_VS_CONN_F_TUNNEL | 0x100, 0x80000000, 9, 4, 2)
                  .take())
          .server;
  REQUIRE(part);
  CHECK(part.value.is_full);
  CHECK(part.value.method == IP_VS_CONN_F_TUNNEL);
  CHECK(part.value.weight == INT32_MIN);
  CHECK(part.value.upper_threshold == 9);
  CHECK(part.value.lower_threshold == 4);
  CHECK(part.value.tunnel == 2);
}

TEST_CASE("a synchronisation daemon, timeouts, the family's name") {
  const auto request = decoded(Message(IPVS_CMD_NEW_DAEMON)
                                   .nest(IPVS_CMD_ATTR_DAEMON,
                                         [](Message& m) {
                                           m.put32(IPVS_DAEMON_ATTR_STATE, 2).text(IPVS_DAEMON_ATTR_MCAST_IFN, "eth7");
                                           m.put32(IPVS_DAEMON_ATTR_SYNC_ID, 3).put16(IPVS_DAEMON_ATTR_MCAST_PORT, 99);
                                           m.put32(IPVS_DAEMON_ATTR_MCAST_GROUP, htonl(0xe0000001));
                                         })
                                   .put32(IPVS_CMD_ATTR_TIMEOUT_UDP, 12)
                                   .take());
  REQUIRE(request.daemon);
  CHECK(request.daemon.value.is_full);
  CHECK(request.daemon.value.interface == "eth7");
  CHECK(request.daemon.value.group == address("224.0.0.1"));
  CHECK(request.daemon.value.port == 99);
  CHECK(request.timeouts.udp == 12u);
  CHECK_FALSE(request.timeouts.tcp);

  const auto family = Message(CTRL_CMD_GETFAMILY, 0, GENL_ID_CTRL).text(CTRL_ATTR_FAMILY_NAME, "IPVS").take();
  CHECK(decode_family_name(std::span<const char>(family).subspan(NLMSG_HDRLEN)) == "IPVS");
}

TEST_CASE("a message that is cut short anywhere is read within its bytes") {
  const auto whole =
      Message(IPVS_CMD_NEW_DEST).service(key(), "rr").server(address("192.0.2.1"), port(80), 0, 1).take();
  for (std::size_t size = NLMSG_HDRLEN; size < whole.size(); ++size) {
    // In memory of its own, so that a sanitizer sees a byte too many.
    const std::vector<char> cut(whole.begin() + NLMSG_HDRLEN, whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto request = decode(cut, false);
    CHECK(request.has_value() == (cut.size() >= sizeof(genlmsghdr)));
    if (request) CHECK_FALSE(request->server);
  }
}
