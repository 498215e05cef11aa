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

TEST_CASE_METHOD(Fixture, "only a client's SYN reuses a closing connection") {
  bring_to(State::time_wait);
  const std::uint8_t flags = GENERATE(std::uint8_t{tcp_ack}, std::uint8_t{tcp_fin | tcp_ack}, std::uint8_t{tcp_rst});
  CHECK(world.send(with_flags(flags)).verdict == Verdict::transmit);
  CHECK(opened() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "the connection that a SYN reuses still counts when the SYN's server is chosen, as in the kernel") {
  const service::ServiceKey least = key_of("192.0.2.9");
  world.services.add(
      least, "lc",
      {server_spec("10.0.0.1", 8080, service::Forwarding::dr), server_spec("10.0.0.2", 8080, service::Forwarding::dr)});
  PacketSpec packet{.destination = "192.0.2.9"};
  const auto send = [&](std::uint8_t flags) {
    packet.flags = flags;
    world.send(packet);
    return net::to_string(world.find(packet)->v4.server);
  };
  const std::string first = send(tcp_syn);
  send(tcp_ack);
  send(tcp_rst);
  CHECK(send(tcp_syn) != first);
  CHECK(world.services.loads().inactive(world.services.id_of(least, first, 8080)) == 0);
}

TEST_CASE_METHOD(Fixture,
                 "among many servers, too, a connection that a SYN has reused counts no more in the next choice") {
  const service::ServiceKey least = key_of("192.0.2.9");
  std::vector<service::ServerSpec> servers;
  for (std::uint16_t number = 1; number <= 20; ++number) servers.push_back(server_spec("10.0.0.1", number));
  world.services.add(least, "lc", servers);
  const auto send = [&](std::uint16_t client_port, std::uint8_t flags) {
    const PacketSpec packet{.destination = "192.0.2.9", .source_port = client_port, .flags = flags};
    world.send(packet);
    return world.find(packet)->server_port.host();
  };
  CHECK(send(1000, tcp_syn) == 20);
  send(1000, tcp_ack);
  send(1000, tcp_rst);
  CHECK(send(1000, tcp_syn) == 19);
  CHECK(send(1001, tcp_syn) == 20);
}

TEST_CASE_METHOD(Fixture, "such a connection counts towards its server's thresholds until then") {
  const service::ServiceKey limited = key_of("192.0.2.9");
  service::ServerSpec full = server_spec("10.0.0.1", 8080, service::Forwarding::dr);
  full.weight = 100;
  full.upper_threshold = 1;
  world.services.add(limited, "fo", {full, server_spec("10.0.0.2", 8080, service::Forwarding::dr)});
  PacketSpec packet{.destination = "192.0.2.9"};
  const auto send = [&](std::uint8_t flags) {
    packet.flags = flags;
    world.send(packet);
    return net::to_string(world.find(packet)->v4.server);
  };
  CHECK(send(tcp_syn) == "10.0.0.1");
  send(tcp_ack);
  send(tcp_rst);
  CHECK(send(tcp_syn) == "10.0.0.2");
  // It has ended with that, and the overload with it.
  const service::ServerId id = world.services.id_of(limited, "10.0.0.1", 8080);
  CHECK(world.services.loads().total(id) == 0);
  packet.source_port = 4000;
  CHECK(send(tcp_syn) == "10.0.0.1");
}

TEST_CASE_METHOD(Fixture, "a SYN with RST ends a closing connection and opens nothing") {
  bring_to(State::time_wait);
  CHECK(world.send(with_flags(tcp_syn | tcp_rst)).verdict == Verdict::to_kernel);
  CHECK_FALSE(world.find(syn));
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

TEST_CASE_METHOD(Fixture, "a SYN with RST ends a closing connection and opens none") {
  bring_to(State::time_wait);
  CHECK(world.send(with_flags(tcp_syn | tcp_rst)).verdict == Verdict::to_kernel);
  CHECK(world.connections().counts().connections == 0);
  CHECK(opened() == 1);
}

namespace {

/// In which states of DR's and NAT's a SYN chooses anew, for each conn_reuse_mode.
struct ReuseCase {
  std::uint32_t mode;
  service::Forwarding forwarding;
  State state;
  bool is_reused;
};

constexpr auto nat = service::Forwarding::nat, dr = service::Forwarding::dr;
const ReuseCase reuse_cases[]{
    {0, nat, State::time_wait, false}, {0, nat, State::close, false},     {0, dr, State::close, false},
    {0, dr, State::fin_wait, false},   {1, nat, State::time_wait, true},  {1, nat, State::close, true},
    {1, nat, State::fin_wait, false},  {1, dr, State::close, true},       {1, dr, State::fin_wait, false},
    {2, nat, State::time_wait, true},  {2, nat, State::close, true},      {2, nat, State::fin_wait, false},
    {2, dr, State::fin_wait, true},    {2, dr, State::close, true},       {2, dr, State::syn_recv, false},
    {3, nat, State::fin_wait, false},  {3, dr, State::fin_wait, true},    {3, dr, State::time_wait, true},
    {3, nat, State::time_wait, true},  {3, dr, State::established, false}};

struct OfMethod : Fixture {
  /// A DR or NAT connection, moved to the state.
  void open(service::Forwarding forwarding, State state) {
    world.services.add(web, "rr", {server_spec("10.0.0.1", 80, forwarding), server_spec("10.0.0.2", 80, forwarding)});
    world.send(syn);
    const auto slot = world.connections().find(tuple(), world.connections().hash(tuple()))->slot();
    world.connections().set_state(slot, state, world.context().now);
  }
  static net::Tuple4 tuple() {
    return {.source = ipv4(syn.source),
            .destination = ipv4(syn.destination),
            .source_port = port(syn.source_port),
            .destination_port = port(syn.destination_port),
            .protocol = syn.protocol};
  }
  std::uint64_t opened_in_all() {
    std::uint64_t sum = 0;
    for (const auto* text : {"10.0.0.1", "10.0.0.2"})
      sum += world.services.lines(0)[world.services.id_of(web, text, 80).value].connections.get();
    return sum;
  }
};

}  // namespace

TEST_CASE_METHOD(OfMethod, "what a SYN does to an old connection follows conn_reuse_mode") {
  const ReuseCase one = GENERATE(from_range(std::begin(reuse_cases), std::end(reuse_cases)));
  CAPTURE(one.mode, one.forwarding, conn::name(one.state));
  world.set({.conn_reuse_mode = one.mode});
  open(one.forwarding, one.state);
  CHECK(world.send(syn).verdict == Verdict::transmit);
  CHECK(opened_in_all() == (one.is_reused ? 2 : 1));
}

TEST_CASE_METHOD(OfMethod, "a SYN keeps the server of a connection that a template controls") {
  world.set({.conn_reuse_mode = 3});
  open(nat, State::time_wait);
  const conn::Hot& entry = *world.find(syn);
  conn::Cold rest{};
  CHECK(forward::is_reused(entry, rest, world.context().services.settings(), world.context()));
  rest.persistence = 1;
  CHECK_FALSE(forward::is_reused(entry, rest, world.context().services.settings(), world.context()));
}

TEST_CASE_METHOD(OfMethod, "with expire_nodest_conn a SYN leaves a server of weight 0, in every state and mode") {
  const std::uint32_t mode = GENERATE(0u, 1u);
  const State state = GENERATE(State::syn_recv, State::established, State::fin_wait);
  world.set({.conn_reuse_mode = mode, .expire_nodest_conn = 1});
  open(dr, state);
  CHECK(world.send(syn).verdict == Verdict::transmit);
  CHECK(opened_in_all() == 1);
  const std::string first = net::to_string(world.find(syn)->v4.server);
  world.services.set_weight(web, first, 0);
  CHECK(world.send(with_flags(tcp_ack)).verdict == Verdict::transmit);
  CHECK(opened_in_all() == 1);
  CHECK(world.send(syn).verdict == Verdict::transmit);
  CHECK(opened_in_all() == 2);
  CHECK(net::to_string(world.find(syn)->v4.server) != first);
}

TEST_CASE_METHOD(OfMethod, "without expire_nodest_conn a SYN stays with a server of weight 0") {
  open(dr, State::established);
  for (const auto* text : {"10.0.0.1", "10.0.0.2"}) world.services.set_weight(web, text, 0);
  CHECK(world.send(syn).verdict == Verdict::transmit);
  CHECK(opened_in_all() == 1);
}

TEST_CASE_METHOD(OfMethod, "with expire_nodest_conn a packet ends the connection of a deleted server") {
  world.set({.expire_nodest_conn = 1});
  open(dr, State::established);
  world.services.remove_server(web, net::to_string(world.find(syn)->v4.server));
  SECTION("a SYN opens the next at once") {
    CHECK(world.send(syn).verdict == Verdict::transmit);
    CHECK(opened_in_all() == 2);
    CHECK(world.connections().counts().connections == 1);
  }
  SECTION("another packet is the kernel's, which resets the client") {
    CHECK(world.send(with_flags(tcp_ack)).verdict == Verdict::to_kernel);
    CHECK(world.is_empty());
  }
  SECTION("several of one burst end it once") {
    const auto outcomes = world.burst({with_flags(tcp_ack), syn, with_flags(tcp_ack)});
    CHECK(outcomes[0].verdict == Verdict::to_kernel);
    CHECK(outcomes[2].verdict == Verdict::transmit);
    CHECK(opened_in_all() == 2);
  }
}

TEST_CASE_METHOD(Fixture, "a reply does not end the connection of a deleted server") {
  world.set({.expire_nodest_conn = 1});
  bring_to(State::established);
  const std::string first = server();
  world.services.remove_server(web, first);
  CHECK(world.send(reply_to(syn, first, 8080, tcp_ack), site::inside).verdict == Verdict::transmit);
  CHECK(world.find(syn));
}
