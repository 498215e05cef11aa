// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/listing.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "support/packets.hpp"

using namespace fairway;
using namespace fairway::worker;
using conn::Templates;

namespace {

struct Fixture {
  static constexpr std::uint32_t clients = 200;

  Templates templates{1024, {{0x1234567890abcdef, 0xfedcba0987654321, 0x0f1e2d3c4b5a6978, 0x8796a5b4c3d2e1f0}}};
  service::ServerLines lines = service::make_server_lines();
  service::Server server{.id = {5}, .address = tests::address("10.0.0.1"), .port = tests::port(8080)};
  base::Stamp now{1000};

  static conn::TemplateKey key(std::uint32_t client) {
    return {.client = net::AddressBytes(net::Ipv4Address(0x0a010000u + client)),
            .virtual_address = net::AddressBytes(net::Ipv4Address(0xc0a8040fu)),
            .virtual_port = tests::port(80),
            .protocol = net::Protocol::tcp};
  }
  Templates::Binding bind(const conn::TemplateKey& key, std::uint32_t timeout = 300, bool usable = true) {
    return templates.bind(
        key, timeout, now, lines.get(), [&](service::ServerId) { return usable ? &server : nullptr; },
        [&] { return &server; });
  }
  /// All that one worker of `workers` lists, asked for `limit` rows at a time, `buckets` looked at in one loop.
  std::vector<ConnectionRow> list(unsigned worker, unsigned workers, std::uint32_t limit, std::uint32_t buckets) {
    const Templates::Share share = templates.share_of(worker, workers, now);
    std::vector<ConnectionRow> all;
    for (std::uint32_t place = 0; place < places_of(share);) {
      ListConnections question;
      question.limit = limit;
      question.rows.reserve(limit);
      const ConnectionRow* const rows = question.rows.data();
      while (place < places_of(share) && question.rows.size() < limit) {
        const std::uint32_t next = list_templates(question, templates, share, place, buckets, now, worker);
        REQUIRE(next > place);
        REQUIRE(next - place <= buckets * Templates::ways);
        place = next;
      }
      REQUIRE(question.rows.size() <= limit);
      CHECK(question.rows.data() == rows);  // a worker allocates nothing
      all.insert(all.end(), question.rows.begin(), question.rows.end());
    }
    return all;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "every template is listed once, by one worker, however few at a time") {
  for (std::uint32_t client = 0; client < clients; ++client) bind(key(client));
  const unsigned workers = GENERATE(1u, 3u);
  const std::uint32_t limit = GENERATE(1u, 2u, 5u, 7u, 1000u), buckets = GENERATE(1u, 3u, 1000u);
  std::set<net::Address> seen;
  std::size_t count = 0;
  for (unsigned worker = 0; worker < workers; ++worker)
    for (const ConnectionRow& row : list(worker, workers, limit, buckets)) {
      seen.insert(row.client);
      ++count;
      CHECK(row.worker == worker);
    }
  CHECK(count == clients);
  CHECK(seen.size() == clients);
}

TEST_CASE_METHOD(Fixture, "a template is shown as the kernel shows it") {
  const auto bound = bind(key(7));
  now = base::later(now, 10'500);
  auto rows = list(0, 1, 10, 10'000);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].is_template);
  CHECK(net::to_string(rows[0].client, rows[0].client_port) == "10.1.0.7:0");
  CHECK(net::to_string(rows[0].virtual_address, rows[0].virtual_port) == "192.168.4.15:80");
  CHECK(net::to_string(rows[0].server, rows[0].server_port) == "10.0.0.1:8080");
  CHECK(rows[0].protocol == net::Protocol::tcp);
  CHECK(rows[0].expires == 289);  // and a half
  CHECK(rows[0].controls == 1);
  CHECK_FALSE(rows[0].assured);

  templates.assure(bound.handle);
  CHECK(list(0, 1, 10, 10'000).at(0).assured);
  bind(key(7), 300, false);  // its server went
  rows = list(0, 1, 10, 10'000);
  REQUIRE(rows.size() == 2);
  const bool first_is_old = rows[0].assured;
  const ConnectionRow& old = rows[first_is_old ? 0 : 1];
  CHECK(old.virtual_port.host() == 65535);
  CHECK(old.server_port.host() == 65535);
  CHECK(rows[first_is_old ? 1 : 0].virtual_port.host() == 80);
}
