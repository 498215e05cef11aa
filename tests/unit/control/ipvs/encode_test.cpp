// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/encode.hpp"

#include <catch2/catch.hpp>

#include "support/ipvs.hpp"

using namespace fairway;
using namespace fairway::control::ipvs;
using fairway::test::address;
using fairway::test::Heard;
using fairway::test::key;
using fairway::test::Message;
using fairway::test::port;

namespace {

/// One message as it is read.
template <class... Arguments>
Heard written(const Arguments&... arguments) {
  const auto request = Message(1).take();
  Writer writer(*reinterpret_cast<const nlmsghdr*>(request.data()));
  write(writer, arguments...);
  std::vector<Heard> heard;
  fairway::test::split(writer.take(), heard);
  REQUIRE(heard.size() == 1);
  return heard[0];
}

/// The types of the attributes in a nest, as they stand.
std::vector<int> types(const nlattr* nest) {
  std::vector<int> all;
  mnl_attr_parse_nested(
      nest,
      [](const nlattr* attribute, void* to) {
        static_cast<std::vector<int>*>(to)->push_back(mnl_attr_get_type(attribute));
        return MNL_CB_OK;
      },
      &all);
  return all;
}

constexpr std::uint64_t huge = 5'000'000'000;

}  // namespace

TEST_CASE("a service has the kernel's attributes in the kernel's order") {
  const ServiceRow row{
      .key = key(7, 80),
      .scheduler = "sh",
      .flags = 0x13,
      .timeout = 300,
      .netmask = 0xffffff,
      .counted = {.connections = huge, .in_packets = 2, .in_bytes = huge, .out_packets = 4, .out_bytes = 5},
      .rates = {.connections = 6, .in_packets = 7, .in_bytes = 8, .out_packets = 9, .out_bytes = 10}};
  const Heard heard = written(std::uint16_t{NLM_F_MULTI}, row);
  CHECK(heard.header.nlmsg_type == bridge::family_id);
  CHECK(heard.header.nlmsg_flags == NLM_F_MULTI);
  CHECK(heard.header.nlmsg_seq == 7);
  CHECK(heard.header.nlmsg_pid == 4711);
  CHECK(heard.command() == IPVS_CMD_NEW_SERVICE);
  const auto top = heard.attributes();
  REQUIRE(top.has(IPVS_CMD_ATTR_SERVICE));
  CHECK(top[IPVS_CMD_ATTR_SERVICE]->nla_type == IPVS_CMD_ATTR_SERVICE);  // not marked as a nest
  CHECK(types(top[IPVS_CMD_ATTR_SERVICE]) == std::vector<int>{1, 2, 3, 4, 6, 7, 8, 9, 10, 12});
  const Attributes service(*top[IPVS_CMD_ATTR_SERVICE]);
  CHECK(mnl_attr_get_payload_len(service[IPVS_SVC_ATTR_ADDR]) == 16);
  CHECK(service.number<net::ServicePort>(IPVS_SVC_ATTR_PORT) == port(80));
  CHECK(service.number<ip_vs_flags>(IPVS_SVC_ATTR_FLAGS)->flags == 0x13);
  const Attributes narrow(*service[IPVS_SVC_ATTR_STATS]), wide(*service[IPVS_SVC_ATTR_STATS64]);
  CHECK(narrow.number<std::uint32_t>(IPVS_STATS_ATTR_CONNS) == static_cast<std::uint32_t>(huge));
  CHECK(narrow.number<std::uint64_t>(IPVS_STATS_ATTR_INBYTES) == huge);
  const std::array<std::uint64_t, 10> expected{huge, 2, 4, huge, 5, 6, 7, 9, 8, 10};
  for (std::uint16_t i = 0; i < expected.size(); ++i)
    CHECK(wide.number<std::uint64_t>(static_cast<std::uint16_t>(i + 1)) == expected[i]);
}

TEST_CASE("what is written of a service is what is read of it") {
  for (const auto& key_ :
       {key(), service::mark_key(12),
        service::ServiceKey{.protocol = net::Protocol::udp, .address = address("2001:db8::1"), .port = port(53)}}) {
    const Heard heard = written(std::uint16_t{0}, ServiceRow{.key = key_, .scheduler = "rr", .netmask = 128});
    const auto request = decode(heard.payload, false);
    REQUIRE(request);
    REQUIRE(request->service);
    CHECK(request->service.value.key == key_);
    CHECK(request->service.value.is_full);
    CHECK(request->service.value.scheduler == "rr");
  }
}

TEST_CASE("a destination has the kernel's attributes in the kernel's order") {
  const ServerRow row{.address = address("192.0.2.9"),
                      .port = port(8080),
                      .method = IP_VS_CONN_F_DROUTE,
                      .weight = 2147483647,
                      .upper_threshold = 5,
                      .lower_threshold = 3,
                      .active = 11,
                      .inactive = 12,
                      .persistent = 13};
  const Heard heard = written(std::uint16_t{NLM_F_MULTI}, row);
  const auto top = heard.attributes();
  REQUIRE(top.has(IPVS_CMD_ATTR_DEST));
  CHECK(types(top[IPVS_CMD_ATTR_DEST]) == std::vector<int>{1, 2, 3, 4, 13, 14, 15, 5, 6, 7, 8, 9, 11, 10, 12});
  const Attributes server(*top[IPVS_CMD_ATTR_DEST]);
  CHECK(server.number<std::uint32_t>(IPVS_DEST_ATTR_FWD_METHOD) == 3u);
  CHECK(server.number<std::uint32_t>(IPVS_DEST_ATTR_WEIGHT) == 2147483647u);
  CHECK(server.number<std::uint32_t>(IPVS_DEST_ATTR_U_THRESH) == 5u);
  CHECK(server.number<std::uint32_t>(IPVS_DEST_ATTR_L_THRESH) == 3u);
  CHECK(server.number<std::uint32_t>(IPVS_DEST_ATTR_ACTIVE_CONNS) == 11u);
  CHECK(server.number<std::uint32_t>(IPVS_DEST_ATTR_INACT_CONNS) == 12u);
  CHECK(server.number<std::uint32_t>(IPVS_DEST_ATTR_PERSIST_CONNS) == 13u);
  CHECK(server.number<std::uint16_t>(IPVS_DEST_ATTR_ADDR_FAMILY) == std::uint16_t{AF_INET});
}

TEST_CASE("netmasks and prefixes are two words for one thing") {
  using net::Family;
  CHECK(netmask_of(Family::ipv4, 0) == 0xffffffff);
  CHECK(netmask_of(Family::ipv4, 24) == htonl(0xffffff00));
  CHECK(netmask_of(Family::ipv6, 0) == 128);
  CHECK(netmask_of(Family::ipv6, 64) == 64);
  CHECK(prefix_of(Family::ipv4, 0xffffffff) == 0);
  CHECK(prefix_of(Family::ipv4, htonl(0xfffe0000)) == 15);
  CHECK(prefix_of(Family::ipv4, htonl(0xff00ff00)) == std::nullopt);
  CHECK(prefix_of(Family::ipv4, 0) == std::nullopt);
  CHECK(prefix_of(Family::ipv6, 128) == 0);
  CHECK(prefix_of(Family::ipv6, 64) == 64);
  CHECK(prefix_of(Family::ipv6, 0) == std::nullopt);
  CHECK(prefix_of(Family::ipv6, 129) == std::nullopt);
}

TEST_CASE("what a flag means depends on the scheduler") {
  CHECK(to_string(scheduler_flags_of("sh", 0x18)) == "sh-fallback,sh-port");
  CHECK(to_string(scheduler_flags_of("mh", 0x10)) == "mh-port");
  CHECK(scheduler_flags_of("rr", 0x38).empty());
}

TEST_CASE("an error repeats the request, success its header alone") {
  const auto request = Message(IPVS_CMD_FLUSH).take();
  Writer writer(*reinterpret_cast<const nlmsghdr*>(request.data()));
  writer.acknowledge(ESRCH);
  CHECK(writer.take().size() == NLMSG_HDRLEN + sizeof(int) + request.size());
  writer.acknowledge(0);
  CHECK(writer.take().size() == NLMSG_HDRLEN + sizeof(nlmsgerr));
}
