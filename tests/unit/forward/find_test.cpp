// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/find.hpp"

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace fairway;
using namespace fairway::tests;
using conn::State;
using forward::Verdict;

namespace {

const PacketSpec syn{};
PacketSpec with_flags(std::uint8_t flags) {
  PacketSpec spec = syn;
  spec.flags = flags;
  return spec;
}

struct Fixture {
  World world;
  service::ServiceKey web = key_of("192.0.2.1");

  Fixture() { world.services.add(web, "rr", {server_spec("10.0.0.1", 8080), server_spec("10.0.0.2", 8080)}); }
  std::string server() { return net::to_string(world.find(syn)->v4.server); }
  std::uint64_t opened() {
    std::uint64_t sum = 0;
    for (const auto* text : {"10.0.0.1", "10.0.0.2"})
      sum += world.services.lines(0)[world.services.id_of(web, text, 8080).value].connections.get();
    return sum;
  }
  /// Brings the connection to a state by a packet sequence.
  void bring_to(State state) {
    world.send(syn);
    const PacketSpec back = reply_to(syn, server(), 8080);
    if (state == State::close) world.send(with_flags(tcp_ack)), world.send(with_flags(tcp_rst));
    if (state == State::time_wait) {
      world.send(with_flags(tcp_ack));
      world.send(with_flags(tcp_fin | tcp_ack));
      PacketSpec fin = back;
      fin.flags = tcp_fin | tcp_ack;
      world.send(fin, site::inside);
    }
    if (state == State::established || state == State::fin_wait) world.send(with_flags(tcp_ack));
    if (state == State::fin_wait) {
      PacketSpec fin = back;
      fin.flags = tcp_fin | tcp_ack;
      world.send(fin, site::inside);
    }
    REQUIRE(world.find(syn)->state == state);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "packets of a known connection keep their server, whatever the scheduler would say") {
  world.send(syn);
  const std::string first = server();
  for (int i = 0; i < 10; ++i) CHECK(world.send(with_flags(tcp_ack)).verdict == Verdict::transmit);
  CHECK(server() == first);
  CHECK(opened() == 1);
}

TEST_CASE_METHOD(Fixture, "a SYN that finds a connection in TIME_WAIT or CLOSE opens a new one") {
  const State state = GENERATE(State::time_wait, State::close);
  bring_to(state);
  const std::string first = server();
  CHECK(world.send(syn).verdict == Verdict::transmit);
  CHECK(opened() == 2);
  CHECK(server() != first);
  CHECK(world.find(syn)->state == State::syn_recv);
  CHECK(world.connections().counts().connections == 1);
}

TEST_CASE_METHOD(Fixture, "a SYN in any other state belongs to the connection that is there") {
  const State state = GENERATE(State::syn_recv, State::established, State::fin_wait);
  bring_to(state);
  const std::string first = server();
  CHECK(world.send(syn).verdict == Verdict::transmit);
  CHECK(opened() == 1);
  CHECK(server() == first);
}

TEST_CASE_METHOD(Fixture, "only a client's SYN without RST reuses a closing connection") {
  bring_to(State::time_wait);
  const std::uint8_t flags = GENERATE(std::uint8_t{tcp_ack}, std::uint8_t{tcp_fin | tcp_ack},
                                      std::uint8_t{tcp_syn | tcp_rst}, std::uint8_t{tcp_rst});
  CHECK(world.send(with_flags(flags)).verdict == Verdict::transmit);
  CHECK(opened() == 1);
}

TEST_CASE_METHOD(Fixture, "a server's SYN does not end a closing connection") {
  bring_to(State::time_wait);
  CHECK(world.send(reply_to(syn, server(), 8080, tcp_syn), site::inside).verdict == Verdict::transmit);
  CHECK(opened() == 1);
}

TEST_CASE_METHOD(Fixture, "an overdue connection that is found ends first, before its timer has come round") {
  bring_to(State::established);
  world.context().now = base::later(world.context().now, 900'000);  // no end_burst in between
  CHECK(world.send(with_flags(tcp_ack)).verdict == Verdict::to_kernel);
  CHECK_FALSE(world.find(syn));
  CHECK(world.connections().counts().connections == 0);

  world.send(syn);
  CHECK(opened() == 2);
}

TEST_CASE_METHOD(Fixture, "one millisecond before its time a connection is still found") {
  bring_to(State::established);
  world.context().now = base::later(world.context().now, 899'999);
  CHECK(world.send(with_flags(tcp_ack)).verdict == Verdict::transmit);
}

TEST_CASE_METHOD(Fixture, "of several packets that find an overdue connection, all are of the next one") {
  bring_to(State::established);
  world.context().now = base::later(world.context().now, 900'000);
  const auto outcomes = world.burst({with_flags(tcp_ack), syn, with_flags(tcp_ack)});
  CHECK(outcomes[0].verdict == Verdict::to_kernel);
  CHECK(outcomes[1].verdict == Verdict::transmit);
  CHECK(outcomes[2].verdict == Verdict::transmit);
  CHECK(opened() == 2);
  CHECK(world.find(syn)->in_packets == 2);
}

TEST_CASE_METHOD(Fixture, "a packet before the SYN that reuses its connection goes its old way and leaves no trace") {
  bring_to(State::time_wait);
  const std::string first = server();
  // An RST would move TIME_WAIT to CLOSE, if that connection were not over by then.
  const auto outcomes = world.burst({with_flags(tcp_rst), syn});
  CHECK(outcomes[0].verdict == Verdict::transmit);
  CHECK(outcomes[1].verdict == Verdict::transmit);
  CHECK(outcomes[0].frame != outcomes[1].frame);
  CHECK(server() != first);
  CHECK(world.connections().counts().connections == 1);
  const auto loads = world.services.loads();
  std::uint32_t active = 0, inactive = 0;
  for (const auto* text : {"10.0.0.1", "10.0.0.2"}) {
    active += loads.active(world.services.id_of(web, text, 8080));
    inactive += loads.inactive(world.services.id_of(web, text, 8080));
  }
  CHECK(active == 1);
  CHECK(inactive == 0);
  world.pass(1'000'000);
  CHECK(world.is_empty());
  CHECK(world.connections().counts().expired == 2);
}
