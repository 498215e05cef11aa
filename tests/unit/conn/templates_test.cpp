// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/templates.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <vector>

using namespace fairway;
using conn::TemplateRow;
using conn::Templates;

namespace {

constexpr conn::HashKey secret{{0x1234567890abcdef, 0xfedcba0987654321, 0x0f1e2d3c4b5a6978, 0x8796a5b4c3d2e1f0}};

conn::TemplateKey client(std::uint32_t number, std::uint16_t port = 80) {
  return {.client = net::AddressBytes(net::Ipv4Address(0x0a000000u + number)),
          .virtual_address = net::AddressBytes(net::Ipv4Address(0xc0a8040fu)),
          .virtual_port = net::ServicePort(port),
          .protocol = net::Protocol::tcp};
}

/// The clock wraps after a minute.
base::Stamp at(double seconds) {
  return base::later({0xffff0000u}, static_cast<std::uint32_t>(std::llround(seconds * 1000)));
}

/// Opens connections of clients at moments; `next` is the scheduler's choice, `gone` a server that cannot be used.
struct Opener {
  static constexpr std::uint32_t most_servers = 20;

  Templates templates{1000, secret};
  std::unique_ptr<service::ServerLine[]> lines = std::make_unique<service::ServerLine[]>(most_servers);
  std::vector<service::Server> servers = [] {
    std::vector<service::Server> all(most_servers);
    for (std::uint32_t i = 0; i < most_servers; ++i) {
      all[i].id = {i};
      all[i].address = net::Ipv4Address(0x0a010000u + i);
      all[i].port = net::ServicePort(8080);
    }
    return all;
  }();
  std::uint32_t gone = 0, timeout = 300;  // seconds
  Templates::Share share = templates.share_of(0, 1, at(0));

  Templates::Binding bind(const conn::TemplateKey& key, base::Stamp now, std::uint32_t next) {
    return templates.bind(
        key, timeout, now, lines.get(),
        [&](service::ServerId id) { return id.value == gone ? nullptr : &servers[id.value]; },
        [&]() -> const service::Server* { return next == 0 ? nullptr : &servers[next]; });
  }
  Templates::Binding open(std::uint32_t number, base::Stamp now, std::uint32_t next) {
    const auto binding = bind(client(number), now, next);
    REQUIRE(binding.server);
    return binding;
  }
  std::uint32_t server(std::uint32_t number, base::Stamp now, std::uint32_t next) {
    const Templates::Binding binding = open(number, now, next);
    if (binding.handle != 0) templates.release(binding.handle, now);
    return binding.server->id.value;
  }
  void sweep_until(double seconds) {
    for (double now = 0; now <= seconds; now += 0.25)
      while (templates.sweep(share, at(now), lines.get())) {}
  }
  std::uint32_t persistent(std::uint32_t number) const { return lines[number].persistent.get(); }
  std::vector<TemplateRow> rows(base::Stamp now) {
    std::vector<TemplateRow> all;
    templates.list(0, templates.buckets(), now, [&](const TemplateRow& row) { all.push_back(row); });
    return all;
  }
};

}  // namespace

TEST_CASE("a client stays with its server for the timeout since its last new connection") {
  Opener opener;
  CHECK(opener.server(1, at(0), 11) == 11);
  CHECK(opener.server(1, at(299), 12) == 11);
  CHECK(opener.server(1, at(299 + 299.9), 12) == 11);
  CHECK(opener.server(1, at(299 + 299.9 + 300), 12) == 12);
}

TEST_CASE("clients and services are kept apart") {
  Opener opener;
  CHECK(opener.server(1, at(0), 11) == 11);
  CHECK(opener.server(2, at(0), 12) == 12);
  CHECK(opener.server(1, at(1), 13) == 11);
  CHECK(opener.bind(client(1, 443), at(1), 13).server->id.value == 13);
}

TEST_CASE("a template lives as long as it has connections, put off by 60 seconds again and again") {
  Opener opener;
  const auto binding = opener.open(1, at(0), 11);
  opener.sweep_until(1000);
  CHECK(opener.persistent(11) == 1);
  // Put off at 300 s, 360 s, ... 960 s: the next time is 1,020 s.
  opener.templates.release(binding.handle, at(1000));
  SECTION("before it is over it binds") { CHECK(opener.server(1, at(1019.9), 13) == 11); }
  SECTION("then it does not") { CHECK(opener.server(1, at(1020), 13) == 13); }
  SECTION("60 seconds are its timeout from then on") {
    CHECK(opener.server(1, at(1019), 13) == 11);
    CHECK(opener.server(1, at(1019 + 59.9), 13) == 11);
    CHECK(opener.server(1, at(1019 + 59.9 + 60), 13) == 13);
  }
}

TEST_CASE("a template keeps the timeout that it was made with") {
  Opener opener;
  CHECK(opener.server(1, at(0), 11) == 11);
  opener.timeout = 10;
  CHECK(opener.server(1, at(200), 12) == 11);
  CHECK(opener.server(1, at(200 + 299), 12) == 11);
  CHECK(opener.server(2, at(500), 12) == 12);
  CHECK(opener.server(2, at(510), 13) == 13);
}

TEST_CASE("a client whose server cannot be used is bound to another, and the old template waits for its end") {
  Opener opener;
  const auto old = opener.open(1, at(0), 11);
  opener.gone = 11;
  CHECK(opener.server(1, at(1), 12) == 12);
  opener.gone = 0;
  CHECK(opener.server(1, at(2), 13) == 12);
  CHECK(opener.persistent(11) == 1);
  CHECK(opener.persistent(12) == 1);

  const auto rows = opener.rows(at(10));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].replaced);
  CHECK(rows[0].connections == 1);
  CHECK(rows[0].expires == 290);
  CHECK_FALSE(rows[1].replaced);
  CHECK(rows[1].connections == 0);

  opener.templates.release(old.handle, at(20));
  opener.sweep_until(299);
  CHECK(opener.persistent(11) == 1);
  opener.sweep_until(301.5);
  CHECK(opener.persistent(11) == 0);
  CHECK(opener.persistent(12) == 1);
  opener.sweep_until(303.5);
  CHECK(opener.persistent(12) == 0);
}

TEST_CASE("no choice makes no template, and one that cannot be used stays unusable") {
  Opener opener;
  CHECK_FALSE(opener.bind(client(1), at(0), 0).server);
  CHECK(opener.server(1, at(1), 12) == 12);
  opener.gone = 12;
  CHECK_FALSE(opener.bind(client(1), at(2), 0).server);
  opener.gone = 0;
  CHECK(opener.server(1, at(3), 13) == 13);
}

TEST_CASE("templates are counted with their servers until they are over, within a second") {
  Opener opener;
  for (std::uint32_t number = 0; number < 500; ++number) opener.server(number, at(0), 11 + number % 2);
  CHECK(opener.persistent(11) == 250);
  CHECK(opener.persistent(12) == 250);
  CHECK(opener.rows(at(1)).size() == 500);
  opener.sweep_until(299.75);
  CHECK(opener.persistent(11) == 250);
  opener.sweep_until(301.25);
  CHECK(opener.persistent(11) == 0);
  CHECK(opener.persistent(12) == 0);
  CHECK(opener.rows(at(302)).empty());
}

TEST_CASE("a template of a month is ended in a month") {
  Opener opener;
  opener.timeout = 2'678'400;
  opener.server(1, at(0), 11);
  for (double now = 0; now < 2'678'399; now += 1000)
    while (opener.templates.sweep(opener.share, at(now), opener.lines.get())) {}
  CHECK(opener.persistent(11) == 1);
  for (double now = 2'678'400; now < 2'678'410; now += 0.5)
    while (opener.templates.sweep(opener.share, at(now), opener.lines.get())) {}
  CHECK(opener.persistent(11) == 0);
}

TEST_CASE("each worker ends what is over in its share, and shares leave nothing out") {
  Opener opener;
  for (std::uint32_t number = 0; number < 500; ++number) opener.server(number, at(0), 11);
  auto other_lines = std::make_unique<service::ServerLine[]>(Opener::most_servers);
  std::vector<Templates::Share> shares;
  for (unsigned worker = 0; worker < 3; ++worker) shares.push_back(opener.templates.share_of(worker, 3, at(300)));
  CHECK(shares.front().first == 0);
  CHECK(shares.back().end == opener.templates.buckets());
  for (auto& share : shares)
    while (opener.templates.sweep(share, at(301), other_lines.get())) {}
  CHECK(opener.persistent(11) + other_lines[11].persistent.get() == 0);
}

TEST_CASE("a listing says what ipvsadm says") {
  Opener opener;
  const auto binding = opener.open(1, at(0), 11);
  auto rows = opener.rows(at(100.5));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].key == client(1));
  CHECK(rows[0].server_id.value == 11);
  CHECK(rows[0].server == net::Address(net::Ipv4Address(0x0a01000bu)));
  CHECK(rows[0].server_port == net::ServicePort(8080));
  CHECK(rows[0].expires == 199);
  CHECK_FALSE(rows[0].assured);
  opener.templates.assure(binding.handle);
  CHECK(opener.rows(at(101))[0].assured);
  CHECK(opener.rows(at(310))[0].expires == 50);

  for (const std::uint16_t port : {std::uint16_t{0}, std::uint16_t{21}}) {  // those of all ports
    Opener other;
    other.bind(client(1, port), at(0), 11);
    CHECK(other.rows(at(1))[0].key == client(1, 0));
    CHECK(other.rows(at(1))[0].server_port == net::ServicePort());
  }
}

TEST_CASE("what a flood has made goes with it, unless it is assured") {
  Opener opener;
  const auto first = opener.open(1, at(0), 11);
  const auto second = opener.open(1, at(1), 12);
  const auto other = opener.open(2, at(1), 12);
  opener.templates.release_early(first.handle, at(2), opener.lines.get());
  CHECK(opener.persistent(11) == 1);
  opener.templates.release_early(second.handle, at(2), opener.lines.get());
  CHECK(opener.persistent(11) == 0);
  CHECK(opener.server(1, at(3), 13) == 13);

  opener.templates.assure(other.handle);
  opener.templates.release_early(other.handle, at(3), opener.lines.get());
  CHECK(opener.persistent(12) == 1);
  CHECK(opener.server(2, at(4), 13) == 12);
}

TEST_CASE("a table without room loses bindings, not connections") {
  Opener opener;
  std::uint32_t bound = 0;
  for (std::uint32_t number = 0; number < 100'000; ++number) {
    const auto binding = opener.open(number, at(0), number % 7 + 1);
    CHECK(binding.server->id.value == number % 7 + 1);
    bound += binding.handle != 0 ? 1 : 0;
  }
  CHECK(bound >= 1000);
  CHECK(bound < 10'000);
  std::uint32_t counted = 0;
  for (std::uint32_t number = 1; number <= 7; ++number) counted += opener.persistent(number);
  CHECK(counted == bound);

  // Where there is no room, a new template takes the place of the one that it replaces.
  opener.gone = 1;
  const auto before = opener.persistent(1);
  std::uint32_t moved = 0;
  for (std::uint32_t number = 0; number < 100'000; number += 7)
    moved += opener.open(number, at(1), 8).handle != 0 ? 1 : 0;
  CHECK(moved == before);
  CHECK(opener.persistent(8) == before);
}

TEST_CASE("the promised number of clients finds room, but for very few") {
  Opener opener;
  std::uint32_t bound = 0;
  for (std::uint32_t number = 0; number < 1000; ++number) bound += opener.open(number, at(0), 1).handle != 0 ? 1 : 0;
  CHECK(bound >= 990);
}

TEST_CASE("a sweep looks at every bucket once a second, however many there are and however often it is called") {
  const std::uint32_t places = GENERATE(100u, 5'000u, 200'000u);
  Templates templates(places, secret);
  const auto lines = std::make_unique<service::ServerLine[]>(1);
  auto share = templates.share_of(0, 1, at(0));
  const std::uint32_t size = share.end - share.first;
  std::uint64_t seen = 0;
  for (std::uint32_t millisecond = 0; millisecond <= 2000; ++millisecond)
    for (int call = 0; call < 5; ++call) {
      const std::uint32_t before = share.next;
      templates.sweep(share, at(millisecond / 1000.0), lines.get());
      seen += (share.next + size - before) % size;
    }
  CAPTURE(places, size, seen);
  CHECK(seen >= std::uint64_t{size} * 2 * 9 / 10);
  CHECK(seen <= std::uint64_t{size} * 2 + 1);
}
