// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "conn/templates.hpp"

#include <catch2/catch.hpp>

using namespace fairway;
using conn::Templates;

namespace {

constexpr conn::HashKey secret{{0x1234567890abcdef, 0xfedcba0987654321, 0x0f1e2d3c4b5a6978, 0x8796a5b4c3d2e1f0}};
constexpr std::uint32_t timeout = 300;  // seconds

conn::TemplateKey client(std::uint32_t number) {
  return {.client = net::AddressBytes(net::Ipv4Address(0x0a000000u + number)),
          .virtual_address = net::AddressBytes(net::Ipv4Address(0xc0a8040fu)),
          .virtual_port = net::ServicePort(80),
          .protocol = net::Protocol::tcp};
}

base::Stamp at(double seconds) { return {static_cast<std::uint32_t>(seconds * 1000)}; }

/// Opens a connection of this client at a moment; `next` is the scheduler's choice, `gone` a server that was deleted.
struct Opener {
  Templates templates{1000, secret};
  std::uint32_t gone = 0;

  Templates::Binding open(std::uint32_t number, base::Stamp now, std::uint32_t next) {
    const auto binding = templates.bind(
        client(number), timeout, now, [&](service::ServerId id) { return id.value != gone; },
        [&]() -> std::optional<service::ServerId> { return service::ServerId{next}; });
    REQUIRE(binding);
    return *binding;
  }
  std::uint32_t server(std::uint32_t number, base::Stamp now, std::uint32_t next) {
    const Templates::Binding binding = open(number, now, next);
    templates.release(binding.handle, now);
    return binding.server.value;
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
}

TEST_CASE("a template lives as long as it has connections, then to the end of the kernel's 60 seconds") {
  Opener opener;
  const auto binding = opener.open(1, at(0), 11);
  CHECK(opener.server(1, at(1000), 12) == 11);  // long over, but for the connection that is still there
  // Bound anew at 1,000 s, so over at 1,300 s; the connection ends at 1,310 s, in the first 60 seconds after that.
  opener.templates.release(binding.handle, at(1310));
  CHECK(opener.server(2, at(1310), 12) == 12);
  SECTION("before they are over it binds") { CHECK(opener.server(1, at(1359), 13) == 11); }
  SECTION("then it does not") { CHECK(opener.server(1, at(1360), 13) == 13); }
}

TEST_CASE("a client whose server was deleted is bound to another") {
  Opener opener;
  CHECK(opener.server(1, at(0), 11) == 11);
  opener.gone = 11;
  CHECK(opener.server(1, at(1), 12) == 12);
  opener.gone = 0;
  CHECK(opener.server(1, at(2), 13) == 12);
}

TEST_CASE("no choice makes no template") {
  Opener opener;
  const auto nobody = []() -> std::optional<service::ServerId> { return std::nullopt; };
  CHECK_FALSE(opener.templates.bind(
      client(1), timeout, at(0), [](service::ServerId) { return true; }, nobody));
  CHECK(opener.server(1, at(1), 12) == 12);
}

TEST_CASE("a table without room loses bindings, not connections") {
  Opener opener;
  std::uint32_t bound = 0;
  for (std::uint32_t number = 0; number < 100'000; ++number) {
    const auto binding = opener.open(number, at(0), number % 7 + 1);
    CHECK(binding.server.value == number % 7 + 1);
    bound += binding.handle != 0 ? 1 : 0;
  }
  CHECK(bound >= 1000);
  CHECK(bound < 10'000);
}

TEST_CASE("the promised number of clients finds room, but for very few") {
  Opener opener;
  std::uint32_t bound = 0;
  for (std::uint32_t number = 0; number < 1000; ++number) bound += opener.open(number, at(0), 1).handle != 0 ? 1 : 0;
  CHECK(bound >= 990);
}
