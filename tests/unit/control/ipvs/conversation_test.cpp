// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/conversation.hpp"

#include <catch2/catch.hpp>

#include "support/ipvs.hpp"

using namespace fairway;
using namespace fairway::control;
using namespace fairway::control::ipvs;
using fairway::test::address;
using fairway::test::Heard;
using fairway::test::IpvsFixture;
using fairway::test::key;
using fairway::test::Message;
using fairway::test::port;

namespace {

const net::Address a = address("192.0.2.1"), b = address("192.0.2.2");

struct Fixture : IpvsFixture {
  int add(const service::ServiceKey& service, const char* scheduler = "rr", std::uint32_t flags = 0,
          std::uint32_t timeout = 0, std::uint32_t netmask = ~std::uint32_t{0}) {
    return order(Message(IPVS_CMD_NEW_SERVICE).service(service, scheduler, flags, timeout, netmask));
  }
  int edit(const service::ServiceKey& service, const char* scheduler, std::uint32_t flags = 0,
           std::uint32_t timeout = 0) {
    return order(Message(IPVS_CMD_SET_SERVICE).service(service, scheduler, flags, timeout));
  }
  int server_order(std::uint8_t command, const net::Address& server, std::uint32_t method = IP_VS_CONN_F_MASQ,
                   std::uint32_t weight = 1, std::uint32_t upper = 0, std::uint32_t lower = 0,
                   std::uint8_t tunnel = 0) {
    return order(Message(command).service(key()).server(server, port(80), method, weight, upper, lower, tunnel));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the family is found by its name, by anybody") {
  const auto question = Message(CTRL_CMD_GETFAMILY, NLM_F_ACK, GENL_ID_CTRL).text(CTRL_ATTR_FAMILY_NAME, "IPVS");
  const auto said = ask(question, false);
  REQUIRE(said.size() == 2);
  CHECK(datagrams.size() == 2);  // libnl waits for the acknowledgement in one of its own
  CHECK(said[0].header.nlmsg_type == GENL_ID_CTRL);
  CHECK(said[0].command() == CTRL_CMD_NEWFAMILY);
  CHECK(said[0].attributes().number<std::uint16_t>(CTRL_ATTR_FAMILY_ID) == bridge::family_id);
  CHECK(said[1].error() == 0);
  CHECK(order(Message(CTRL_CMD_GETFAMILY, NLM_F_ACK, GENL_ID_CTRL).text(CTRL_ATTR_FAMILY_NAME, "nl80211")) == ENOENT);
  CHECK(order(Message(CTRL_CMD_GETFAMILY, NLM_F_ACK, GENL_ID_CTRL)) == ENOENT);
  CHECK(order(Message(IPVS_CMD_GET_INFO, NLM_F_ACK, 0x99)) == ENOENT);
}

TEST_CASE_METHOD(Fixture, "who is not root gets EPERM for everything") {
  REQUIRE(add(key()) == 0);
  for (std::uint8_t command = 0; command < 20; ++command) {
    const auto said = ask(Message(command).service(key(), "rr").server(a, port(80), 0, 1), false);
    REQUIRE(said.size() == 1);
    CHECK(said[0].error() == EPERM);
  }
  CHECK(director.services().size() == 1);
}

TEST_CASE_METHOD(Fixture, "services: added, edited, shown, deleted, with the kernel's error numbers") {
  CHECK(add(key(), "nosuch") == ENOENT);
  CHECK(add(key(), "sh", IP_VS_SVC_F_PERSISTENT | 0x10, 300, htonl(0xffffff00)) == 0);
  CHECK(add(key(), "rr") == EEXIST);
  const auto service = director.find(key());
  REQUIRE(service);
  CHECK(service->persistence == 300);
  CHECK(service->persistence_prefix == 24);
  CHECK(to_string(service->scheduler_flags) == "sh-port");

  CHECK(edit(key(), "wrr") == 0);
  CHECK(director.find(key())->persistence == 0);
  CHECK(director.find(key())->scheduler_flags.empty());
  CHECK(edit(key(), "nosuch") == ENOENT);
  CHECK(edit(key(2), "rr") == ESRCH);
  CHECK(order(Message(IPVS_CMD_SET_SERVICE).service(key())) == EINVAL);  // how it is to be is missing

  const auto said = ask(Message(IPVS_CMD_GET_SERVICE).service(key()));
  REQUIRE(said.size() == 2);
  CHECK(said[0].header.nlmsg_flags == 0);
  const Attributes shown(*said[0].attributes()[IPVS_CMD_ATTR_SERVICE]);
  CHECK(shown.text(IPVS_SVC_ATTR_SCHED_NAME, 15) == "wrr");
  CHECK(shown.number<ip_vs_flags>(IPVS_SVC_ATTR_FLAGS)->flags == IP_VS_SVC_F_HASHED);
  CHECK(ask(Message(IPVS_CMD_GET_SERVICE).service(key(2)))[0].error() == ESRCH);

  CHECK(order(Message(IPVS_CMD_DEL_SERVICE).service(key())) == 0);
  CHECK(order(Message(IPVS_CMD_DEL_SERVICE).service(key())) == ESRCH);
  CHECK(order(Message(IPVS_CMD_DEL_SERVICE)) == EINVAL);
}

TEST_CASE_METHOD(Fixture, "flags that the mask leaves out stay") {
  REQUIRE(add(key(), "sh", IP_VS_SVC_F_PERSISTENT | 0x18, 60) == 0);
  const ip_vs_flags flags{.flags = 0, .mask = 0x08};
  const auto change = Message(IPVS_CMD_SET_SERVICE).nest(IPVS_CMD_ATTR_SERVICE, [&](Message& m) {
    const auto k = key();
    m.put16(IPVS_SVC_ATTR_AF, AF_INET).put16(IPVS_SVC_ATTR_PROTOCOL, 6);
    m.bytes(IPVS_SVC_ATTR_ADDR, &k.address.bytes, 16).bytes(IPVS_SVC_ATTR_PORT, &k.port, 2);
    m.text(IPVS_SVC_ATTR_SCHED_NAME, "sh").bytes(IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
    m.put32(IPVS_SVC_ATTR_TIMEOUT, 90).put32(IPVS_SVC_ATTR_NETMASK, ~std::uint32_t{0});
  });
  CHECK(order(change) == 0);
  CHECK(to_string(director.find(key())->scheduler_flags) == "sh-port");
  CHECK(director.find(key())->persistence == 90);
}

TEST_CASE_METHOD(Fixture, "what is not there yet is refused, never half accepted") {
  const service::ServiceKey v6{.address = address("2001:db8::1"), .port = port(80)};
  CHECK(add(v6) == EAFNOSUPPORT);
  CHECK(add(service::mark_key(5, net::Family::ipv6)) == EAFNOSUPPORT);
  auto sctp = key();
  sctp.protocol = net::Protocol::sctp;
  CHECK(add(sctp) == EPROTONOSUPPORT);
  CHECK(order(Message(IPVS_CMD_NEW_SERVICE).service(key(), "rr").text(IPVS_CMD_ATTR_DEST, "?")) ==
        0);  // what it does not need may be broken
  CHECK(server_order(IPVS_CMD_NEW_DEST, a, IP_VS_CONN_F_TUNNEL, 1, 0, 0, IP_VS_CONN_F_TUNNEL_TYPE_GUE) ==
        EPROTONOSUPPORT);
  CHECK(director.find(key())->servers.empty());
  CHECK(complaints.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a persistence engine is not found") {
  const auto with_engine = Message(IPVS_CMD_NEW_SERVICE).nest(IPVS_CMD_ATTR_SERVICE, [&](Message& m) {
    const ip_vs_flags flags{.flags = 0, .mask = 0};
    m.put16(IPVS_SVC_ATTR_AF, AF_INET).put32(IPVS_SVC_ATTR_FWMARK, 3).text(IPVS_SVC_ATTR_SCHED_NAME, "rr");
    m.bytes(IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags).put32(IPVS_SVC_ATTR_TIMEOUT, 0);
    m.put32(IPVS_SVC_ATTR_NETMASK, ~std::uint32_t{0}).text(IPVS_SVC_ATTR_PE_NAME, "sip");
  });
  CHECK(order(with_engine) == ENOENT);
}

TEST_CASE_METHOD(Fixture, "destinations: added, edited, deleted, with the kernel's error numbers") {
  CHECK(server_order(IPVS_CMD_NEW_DEST, a) == ESRCH);
  REQUIRE(add(key()) == 0);
  CHECK(server_order(IPVS_CMD_SET_DEST, a) == ENOENT);
  CHECK(server_order(IPVS_CMD_DEL_DEST, a) == ENOENT);
  CHECK(server_order(IPVS_CMD_NEW_DEST, a, IP_VS_CONN_F_MASQ, 2147483647, 9, 4) == 0);
  CHECK(server(key(), "192.0.2.1").weight == 2147483647);
  CHECK(server(key(), "192.0.2.1").upper_threshold == 9);
  CHECK(server(key(), "192.0.2.1").lower_threshold == 4);
  CHECK(server_order(IPVS_CMD_NEW_DEST, a) == EEXIST);
  CHECK(server_order(IPVS_CMD_SET_DEST, a, IP_VS_CONN_F_DROUTE, 5, 7, 3) == 0);
  CHECK(server(key(), "192.0.2.1").weight == 5);
  CHECK(server(key(), "192.0.2.1").forwarding == service::Forwarding::dr);
  CHECK(server(key(), "192.0.2.1").upper_threshold == 7);
  CHECK(server_order(IPVS_CMD_NEW_DEST, b, 0, 0x80000000) == ERANGE);
  CHECK(server_order(IPVS_CMD_NEW_DEST, b, 0, 1, 3, 4) == ERANGE);
  CHECK(server_order(IPVS_CMD_SET_DEST, b, 0, 0x80000000) == ERANGE);  // before it is looked for
  CHECK(server_order(IPVS_CMD_NEW_DEST, b, IP_VS_CONN_F_BYPASS) == EINVAL);
  CHECK(server_order(IPVS_CMD_NEW_DEST, address("224.0.0.1")) == EINVAL);
  CHECK(server_order(IPVS_CMD_NEW_DEST, address("2001:db8::1"), IP_VS_CONN_F_TUNNEL) == EINVAL);
  CHECK(order(Message(IPVS_CMD_NEW_DEST).service(key())) == EINVAL);
  CHECK(order(Message(IPVS_CMD_NEW_DEST).service(key()).server(b, port(80))) == EINVAL);
  CHECK(order(Message(IPVS_CMD_DEL_DEST).service(key()).server(a, port(80))) == 0);
  CHECK(director.find(key())->servers.empty());
}

TEST_CASE_METHOD(Fixture, "what a destination's command says of its service beside the name is not heeded") {
  REQUIRE(add(key(), "sh", IP_VS_SVC_F_PERSISTENT, 60) == 0);
  CHECK(order(Message(IPVS_CMD_NEW_DEST).service(key(), "nosuch", 0, 0).server(a, port(80), 0, 1)) == 0);
  CHECK(director.find(key())->persistence == 60);
}

TEST_CASE_METHOD(Fixture, "dumps end with DONE and have no acknowledgement") {
  constexpr std::uint32_t count = 500;  // more than one datagram holds
  for (std::uint32_t i = 1; i <= count; ++i) REQUIRE(add(key(i)) == 0);
  for (std::uint32_t i = 1; i <= count; ++i)
    REQUIRE(order(Message(IPVS_CMD_NEW_DEST).service(key()).server(net::Ipv4Address(0xc0000200 + i), port(80), 0, 1)) ==
            0);
  const auto services = ask(Message(IPVS_CMD_GET_SERVICE, NLM_F_ACK | NLM_F_DUMP));
  REQUIRE(services.size() == count + 1);
  CHECK(datagrams.size() > 1);
  for (const auto& datagram : datagrams) CHECK(datagram.size() <= bridge::largest_datagram);
  for (const Heard& one : services) CHECK((one.header.nlmsg_flags & NLM_F_MULTI) != 0);
  CHECK(services.back().header.nlmsg_type == NLMSG_DONE);

  const auto servers = ask(Message(IPVS_CMD_GET_DEST, NLM_F_ACK | NLM_F_DUMP).service(key()));
  REQUIRE(servers.size() == count + 1);
  const Attributes newest(*servers[0].attributes()[IPVS_CMD_ATTR_DEST]);
  CHECK(newest.number<net::Ipv4Address>(IPVS_DEST_ATTR_ADDR)->host() == 0xc0000200 + count);
  CHECK(ask(Message(IPVS_CMD_GET_DEST, NLM_F_DUMP).service(key(9999)))[0].header.nlmsg_type == NLMSG_DONE);
  CHECK(ask(Message(IPVS_CMD_NEW_DEST, NLM_F_DUMP))[0].error() == EOPNOTSUPP);
  CHECK(order(Message(IPVS_CMD_GET_DEST).service(key())) == EOPNOTSUPP);
  CHECK(order(Message(99)) == EOPNOTSUPP);

  CHECK(order(Message(IPVS_CMD_FLUSH)) == 0);
  CHECK(director.services().empty());
}

TEST_CASE_METHOD(Fixture, "info, timeouts, daemons") {
  const auto info = ask(Message(IPVS_CMD_GET_INFO));
  REQUIRE(info.size() == 2);
  CHECK(info[0].command() == IPVS_CMD_SET_INFO);
  CHECK(info[0].attributes().number<std::uint32_t>(IPVS_INFO_ATTR_VERSION) == 0x010201u);
  CHECK(info[0].attributes().number<std::uint32_t>(IPVS_INFO_ATTR_CONN_TAB_SIZE) == 4096u);

  CHECK(order(Message(IPVS_CMD_SET_CONFIG).put32(IPVS_CMD_ATTR_TIMEOUT_TCP, 100).put32(IPVS_CMD_ATTR_TIMEOUT_UDP, 0)) ==
        0);
  CHECK(order(Message(IPVS_CMD_SET_CONFIG).put32(IPVS_CMD_ATTR_TIMEOUT_UDP, 0x7fffffff)) == EINVAL);
  const auto config = ask(Message(IPVS_CMD_GET_CONFIG));
  const auto timeouts = config[0].attributes();
  CHECK(timeouts.number<std::uint32_t>(IPVS_CMD_ATTR_TIMEOUT_TCP) == 100u);
  CHECK(timeouts.number<std::uint32_t>(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN) == 120u);
  CHECK(timeouts.number<std::uint32_t>(IPVS_CMD_ATTR_TIMEOUT_UDP) == 300u);

  const auto daemon = [](std::uint8_t command, std::uint32_t state) {
    return Message(command).nest(IPVS_CMD_ATTR_DAEMON, [&](Message& m) {
      m.put32(IPVS_DAEMON_ATTR_STATE, state).text(IPVS_DAEMON_ATTR_MCAST_IFN, "lo").put32(IPVS_DAEMON_ATTR_SYNC_ID, 1);
    });
  };
  CHECK(order(daemon(IPVS_CMD_DEL_DAEMON, 1)) == ESRCH);
  CHECK(order(daemon(IPVS_CMD_NEW_DAEMON, 1)) == 0);
  CHECK(complaints.size() == 2);  // connections are not synchronised yet
  CHECK(order(daemon(IPVS_CMD_NEW_DAEMON, 1)) == EEXIST);
  CHECK(order(Message(IPVS_CMD_NEW_DAEMON)) == EINVAL);
  const auto running = ask(Message(IPVS_CMD_GET_DAEMON, NLM_F_DUMP));
  REQUIRE(running.size() == 2);
  const Attributes shown(*running[0].attributes()[IPVS_CMD_ATTR_DAEMON]);
  CHECK(shown.text(IPVS_DAEMON_ATTR_MCAST_IFN, 15) == "lo");
  CHECK(order(daemon(IPVS_CMD_DEL_DAEMON, 1)) == 0);
}

TEST_CASE_METHOD(Fixture, "statistics are set to zero, of one service or of all") {
  REQUIRE(add(key()) == 0);
  REQUIRE(server_order(IPVS_CMD_NEW_DEST, a) == 0);
  const auto count = [&] { crew.lines(0)[server(key(), "192.0.2.1").id.value].connections.add(3); };
  const auto shown = [&] {
    const auto dump = ask(Message(IPVS_CMD_GET_DEST, NLM_F_DUMP).service(key()));
    const Attributes server(*dump[0].attributes()[IPVS_CMD_ATTR_DEST]);
    return Attributes(*server[IPVS_DEST_ATTR_STATS64]).number<std::uint64_t>(IPVS_STATS_ATTR_CONNS).value();
  };
  count();
  CHECK(shown() == 3);
  CHECK(order(Message(IPVS_CMD_ZERO).service(key())) == 0);
  CHECK(shown() == 0);
  count();
  CHECK(order(Message(IPVS_CMD_ZERO).service(key(9))) == ESRCH);
  CHECK(shown() == 3);
  CHECK(order(Message(IPVS_CMD_ZERO)) == 0);
  CHECK(shown() == 0);
}

TEST_CASE_METHOD(Fixture, "whoever asks for no acknowledgement gets none, but errors") {
  CHECK(ask(Message(IPVS_CMD_NEW_SERVICE, 0).service(key(), "rr")).empty());
  CHECK(ask(Message(IPVS_CMD_NEW_SERVICE, 0).service(key(), "rr"))[0].error() == EEXIST);
}

TEST_CASE("bytes are a message only if there are as many as it says, and a header") {
  std::vector<char> bytes = Message(IPVS_CMD_FLUSH).take();
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const auto is_message = [&](std::uint32_t length) {
    std::memcpy(bytes.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
    return first_message(bytes) != nullptr;
  };
  CHECK(is_message(size));
  CHECK(is_message(sizeof(nlmsghdr)));
  for (const std::uint32_t length :
       {0u, 1u, std::uint32_t{sizeof(nlmsghdr)} - 1, size + 1, 0x7fffffffu, 0x80000000u, 0xfffffff0u, ~0u})
    CHECK_FALSE(is_message(length));
  CHECK(first_message(std::span(bytes).first(sizeof(nlmsghdr) - 1)) == nullptr);
  CHECK(first_message({}) == nullptr);
}
