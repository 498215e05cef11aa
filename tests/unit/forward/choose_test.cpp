// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <catch2/catch.hpp>

#include "support/world.hpp"

/// Whom a new connection gets: what binds a client to a server, and what keeps connections from one.
using namespace fairway;
using namespace fairway::tests;
using conn::State;
using forward::Verdict;

namespace {

struct Fixture {
  World world{2, 1024};
  service::ServiceKey web = key_of("192.0.2.1");

  /// A persistent service of two servers; rr would begin with the second, 10.0.0.2.
  service::ServiceSpec sticky(std::uint32_t timeout = 300) {
    return {.name = {},
            .key = web,
            .scheduler = "rr",
            .persistence = timeout,
            .servers = {server_spec("10.0.0.1", 8080), server_spec("10.0.0.2", 8080)}};
  }
  /// By the worker that owns the flow.
  Outcome send(const PacketSpec& packet, net::PortId in = site::outside) {
    const Outcome outcome = world.send(packet, in);
    return outcome.verdict == Verdict::to_other_worker ? world.send(packet, in, outcome.owner) : outcome;
  }
  const conn::Hot* find(const PacketSpec& packet) {
    const conn::Hot* entry = world.find(packet, 0);
    return entry ? entry : world.find(packet, 1);
  }
  /// Opens a connection; the server's address, or what became of the SYN instead.
  std::string served_by(const PacketSpec& packet) {
    const Outcome outcome = send(packet);
    const conn::Hot* entry = find(packet);
    return entry ? net::to_string(entry->v4.server) : std::string(forward::name(outcome.verdict));
  }
  std::string served_by(std::uint16_t port, std::string_view client = "198.51.100.7") {
    return served_by(PacketSpec{.source = std::string(client), .source_port = port});
  }
  std::uint32_t persistent(std::string_view server) {
    return world.services.loads().persistent(world.services.id_of(web, server, 8080));
  }
  std::vector<conn::TemplateRow> templates() {
    std::vector<conn::TemplateRow> rows;
    world.templates.list(0, world.templates.buckets(), world.context().now,
                         [&](const conn::TemplateRow& row) { rows.push_back(row); });
    return rows;
  }
  bool is_overloaded(std::string_view server) {
    return world.services.loads().is_overloaded(world.services.id_of(web, server, 8080));
  }
  void end(std::uint16_t port) {
    send({.source_port = port, .flags = tcp_rst});
    send({.source_port = port, .flags = tcp_ack});
    send({.source_port = port, .flags = tcp_rst});
    pass(11);
  }
  /// As the world's, but in steps: what ends meanwhile ends at its time.
  void pass(unsigned whole_seconds) {
    while (whole_seconds-- > 0) world.pass(1000);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "connections of a client stay with a server, whichever worker has them") {
  world.services.add(sticky());
  for (std::uint16_t port = 2000; port < 2032; ++port) CHECK(served_by(port) == "10.0.0.2");
  CHECK(world.worker(0).connections.counts().connections > 0);
  CHECK(world.worker(1).connections.counts().connections > 0);
  CHECK(persistent("10.0.0.2") == 1);
  CHECK(served_by(3000, "198.51.100.8") == "10.0.0.1");
  CHECK(persistent("10.0.0.1") == 1);
}

TEST_CASE_METHOD(Fixture, "a client's server serves it at weight 0 and overloaded, and nobody else") {
  auto spec = sticky();
  spec.servers[1].upper_threshold = 2;
  world.services.add(spec);
  CHECK(served_by(2000) == "10.0.0.2");
  CHECK(served_by(2001) == "10.0.0.2");
  CHECK(is_overloaded("10.0.0.2"));
  CHECK(served_by(2002) == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.8") == "10.0.0.1");
  CHECK(served_by(2000, "198.51.100.9") == "10.0.0.1");
  world.services.set_weight(web, "10.0.0.2", 0);
  CHECK(served_by(2003) == "10.0.0.2");
}

TEST_CASE_METHOD(Fixture, "a template of a quiescent server is given up where the setting says so") {
  world.services.add(sticky());
  CHECK(served_by(2000) == "10.0.0.2");
  world.services.set_weight(web, "10.0.0.2", 0);
  service::Settings settings;
  settings.expire_quiescent_template = 1;
  world.services.table().put(settings);
  CHECK(served_by(2001) == "10.0.0.1");
  CHECK(persistent("10.0.0.2") == 1);
  world.services.set_weight(web, "10.0.0.2", 1);
  CHECK(served_by(2002) == "10.0.0.1");
}

TEST_CASE_METHOD(Fixture, "a template of a deleted server is replaced; a server that came back has its clients") {
  world.services.add(sticky());
  CHECK(served_by(2000) == "10.0.0.2");
  world.services.remove_server(web, "10.0.0.2");
  world.services.add_server(web, server_spec("10.0.0.2", 8080));
  CHECK(served_by(2001) == "10.0.0.2");
  world.services.remove_server(web, "10.0.0.2");
  CHECK(served_by(2002) == "10.0.0.1");
  world.services.add_server(web, server_spec("10.0.0.2", 8080));
  CHECK(served_by(2003) == "10.0.0.1");
}

TEST_CASE_METHOD(Fixture, "a service that is deleted and added again finds its clients' templates") {
  world.services.add(sticky());
  CHECK(served_by(2000) == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.8") == "10.0.0.1");
  world.services.remove(web);
  CHECK(served_by(2001) == "to_kernel");
  world.services.add(sticky());
  CHECK(served_by(2002) == "10.0.0.2");
  CHECK(served_by(2002, "198.51.100.8") == "10.0.0.1");
}

TEST_CASE_METHOD(Fixture, "clients of a network share a template") {
  auto spec = sticky();
  spec.persistence_prefix = 26;
  world.services.add(spec);
  CHECK(served_by(2000, "198.51.100.65") == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.127") == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.64") == "10.0.0.2");
  CHECK(served_by(2000, "198.51.100.63") == "10.0.0.1");
  CHECK(served_by(2000, "198.51.100.128") == "10.0.0.2");
  CHECK(persistent("10.0.0.2") == 2);
  CHECK(templates().size() == 3);
}

TEST_CASE_METHOD(Fixture, "a template is assured when one of its connections is established") {
  world.services.add(sticky());
  served_by(2000);
  REQUIRE(templates().size() == 1);
  CHECK_FALSE(templates()[0].assured);
  send({.source_port = 2000, .flags = tcp_ack});
  CHECK(templates()[0].assured);
  pass(1000);
  CHECK(templates().empty());
  served_by(2000);
  CHECK_FALSE(templates()[0].assured);
}

TEST_CASE_METHOD(Fixture, "a UDP flow's template is assured by a reply") {
  auto spec = sticky();
  web = spec.key = key_of("192.0.2.1", 53, net::Protocol::udp);
  world.services.add(spec);
  const PacketSpec query{.source_port = 2000, .destination_port = 53, .protocol = net::Protocol::udp};
  for (int i = 0; i < 3; ++i) send(query);
  REQUIRE(templates().size() == 1);
  CHECK_FALSE(templates()[0].assured);
  CHECK(send(reply_to(query, "10.0.0.2", 8080), site::inside).verdict == Verdict::transmit);
  CHECK(templates()[0].assured);
  CHECK(send(reply_to(query, "10.0.0.2", 8080), site::inside).verdict == Verdict::transmit);
}

TEST_CASE_METHOD(Fixture, "a template is held by its connections and over when they are") {
  world.services.add(sticky(50));
  served_by(2000);
  send({.source_port = 2000, .flags = tcp_ack});
  pass(100);  // put off at 50 s, to 110 s
  CHECK(persistent("10.0.0.2") == 1);
  pass(802);  // the connection ended at 900 s
  CHECK(templates().size() == 1);
  CHECK(templates()[0].connections == 0);
  pass(60);
  CHECK(persistent("10.0.0.2") == 0);
  CHECK(world.is_empty());
}

TEST_CASE_METHOD(Fixture, "a threshold that is reached keeps new connections away until there is room") {
  world.services.add({.name = {}, .key = web, .scheduler = "rr", .servers = {server_spec("10.0.0.1", 8080)}});
  auto& limits = world.services.limits()[world.services.id_of(web, "10.0.0.1", 8080).value];
  limits.set(4, 0);
  for (std::uint16_t port = 2000; port < 2004; ++port) CHECK(served_by(port) == "10.0.0.1");
  CHECK(served_by(2004) == "answer_port_unreachable");
  end(2000);
  CHECK(is_overloaded("10.0.0.1"));  // 4 · 3 is no less than 3 · 4
  CHECK(served_by(2004) == "answer_port_unreachable");
  end(2001);
  CHECK_FALSE(is_overloaded("10.0.0.1"));
  CHECK(served_by(2005) == "10.0.0.1");

  // A lower threshold of its own.
  limits.set(4, 1);
  CHECK(served_by(2006) == "10.0.0.1");
  CHECK(is_overloaded("10.0.0.1"));
  for (const std::uint16_t port : {std::uint16_t{2002}, std::uint16_t{2003}, std::uint16_t{2005}}) end(port);
  CHECK(is_overloaded("10.0.0.1"));
  end(2006);
  CHECK_FALSE(is_overloaded("10.0.0.1"));
}

TEST_CASE_METHOD(Fixture, "a threshold that is lowered takes effect with the next connection") {
  world.services.add({.name = {}, .key = web, .scheduler = "rr", .servers = {server_spec("10.0.0.1", 8080)}});
  auto& limits = world.services.limits()[world.services.id_of(web, "10.0.0.1", 8080).value];
  for (std::uint16_t port = 2000; port < 2004; ++port) served_by(port);
  limits.set(2, 0);
  CHECK(served_by(2004) == "10.0.0.1");
  CHECK(served_by(2005) == "answer_port_unreachable");
  limits.set(6, 0);
  CHECK(served_by(2006) == "10.0.0.1");
  CHECK(served_by(2007) == "answer_port_unreachable");
  limits.set(0, 0);
  CHECK(served_by(2008) == "10.0.0.1");
}
