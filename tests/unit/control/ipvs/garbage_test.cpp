// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>
#include <random>

#include "support/ipvs.hpp"

using namespace fairway;
using fairway::test::address;
using fairway::test::IpvsFixture;
using fairway::test::key;
using fairway::test::Message;
using fairway::test::port;

namespace {

/// Sound messages of every command, to be damaged.
std::vector<std::vector<char>> sound_messages() {
  std::vector<std::vector<char>> all;
  for (std::uint8_t command = 0; command <= IPVS_CMD_MAX; ++command)
    for (const std::uint16_t flags : {std::uint16_t{NLM_F_ACK}, std::uint16_t{NLM_F_ACK | NLM_F_DUMP}}) {
      all.push_back(Message(command, flags)
                        .service(key(1), "wrr", 1, 300)
                        .server(address("192.0.2.1"), port(80), 0, 3, 9, 4)
                        .nest(IPVS_CMD_ATTR_DAEMON,
                              [](Message& m) {
                                m.put32(IPVS_DAEMON_ATTR_STATE, 1).text(IPVS_DAEMON_ATTR_MCAST_IFN, "lo");
                                m.put32(IPVS_DAEMON_ATTR_SYNC_ID, 1);
                              })
                        .put32(IPVS_CMD_ATTR_TIMEOUT_TCP, 60)
                        .take());
      all.push_back(Message(command, flags).service(service::mark_key(3), "sh").take());
    }
  all.push_back(Message(CTRL_CMD_GETFAMILY, NLM_F_ACK, GENL_ID_CTRL).text(CTRL_ATTR_FAMILY_NAME, "IPVS").take());
  all.push_back(Message(0, 0, control::ipvs::bridge::read_file).text(0, "/proc/net/ip_vs").take());
  return all;
}

}  // namespace

TEST_CASE_METHOD(IpvsFixture, "whatever is sent, the answer is made of whole messages and the director stays whole") {
  const auto sound = sound_messages();
  std::mt19937 random(20261120);
  const auto below = [&](std::size_t end) { return random() % end; };
  int answers = 0, orders = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::vector<char> message = sound[below(sound.size())];
    for (std::size_t damage = below(4); damage > 0; --damage) {
      char& byte = message[NLMSG_HDRLEN + below(message.size() - NLMSG_HDRLEN)];
      byte = static_cast<char>(below(3) == 0 ? random() : static_cast<unsigned>(byte) ^ 1u << below(8));
    }
    if (below(8) == 0) message.resize(NLMSG_HDRLEN + below(message.size() - NLMSG_HDRLEN + 1));
    // The header as the socket's reader has checked it; memory of its own, so that a sanitizer sees a byte too many.
    auto& header = *reinterpret_cast<nlmsghdr*>(message.data());
    header.nlmsg_len = static_cast<std::uint32_t>(message.size());
    const std::vector<char> exact(message.begin(), message.end());
    for (const auto& one : ask(exact)) {
      ++answers;
      if (one.is_error() && one.error() == 0) ++orders;
    }
    REQUIRE(director.services().size() < 10'000);
    if (director.services().size() > 200) REQUIRE(order(Message(IPVS_CMD_FLUSH)) == 0);
  }
  // The damage leaves many of them with a meaning.
  CHECK(answers > 30'000);
  CHECK(orders > 3'000);
  CHECK(order(Message(IPVS_CMD_FLUSH)) == 0);
  CHECK(order(Message(IPVS_CMD_NEW_SERVICE).service(key(), "rr")) == 0);
}
