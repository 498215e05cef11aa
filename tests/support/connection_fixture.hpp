// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>

#include "support/connections.hpp"
#include "support/packets.hpp"

namespace fairway::tests {

/// A server's counts on one worker.
struct Counted {
  std::uint64_t connections = 0;  // opened so far
  std::uint32_t active = 0, inactive = 0;

  bool operator==(const Counted&) const = default;
};

/// A connection table by itself: clients and servers are numbers.
template <std::uint32_t capacity = 256>
struct ConnectionFixture {
  static constexpr std::uint32_t most_servers = 64;

  std::unique_ptr<service::ServerLine[]> lines = std::make_unique<service::ServerLine[]>(most_servers);
  base::Stamp now{0xffff0000u};  // the clock wraps in a minute
  Entries entries{capacity};
  Connections table = make_connections(entries, lines.get(), now);

  static net::Tuple4 client(std::uint32_t number) {
    return {.source = net::Ipv4Address(0xc6336400u + number / 1000),
            .destination = ipv4("192.0.2.1"),
            .source_port = port(static_cast<std::uint16_t>(1024 + number % 1000)),
            .destination_port = port(80),
            .protocol = net::Protocol::tcp};
  }
  static service::Server server(std::uint32_t number, service::Forwarding forwarding = service::Forwarding::nat) {
    return {.id = {number},
            .address = net::Ipv4Address(0x0a000000u + number),
            .port = port(8080),
            .weight = 1,
            .forwarding = forwarding};
  }
  static net::Tuple4 reply(const net::Tuple4& tuple, const service::Server& from) {
    return {.source = from.address.v4(),
            .destination = tuple.source,
            .source_port = from.port,
            .destination_port = tuple.source_port,
            .protocol = tuple.protocol};
  }

  Connections::Opening try_open(const net::Tuple4& tuple, const service::Server& with) {
    return table.open({.tuple = tuple, .server = with, .server_port = with.port, .service = {5}}, table.hash(tuple),
                      now);
  }
  /// The slot; for openings that must succeed.
  std::uint32_t open(const net::Tuple4& tuple, const service::Server& with) {
    const auto opening = try_open(tuple, with);
    if (opening.outcome != Connections::Opened::yes) throw std::runtime_error("not opened");
    return opening.slot;
  }
  std::optional<conn::Reference> find(const net::Tuple4& tuple) { return table.find(tuple, table.hash(tuple)); }

  /// Time passes, and what is due ends.
  void pass(std::uint64_t milliseconds) {
    now = base::later(now, static_cast<std::uint32_t>(milliseconds));
    while (table.end_burst(now, 1000)) {}
  }
  Counted counts(std::uint32_t server) const {
    const service::ServerLine& line = lines[server];
    return {.connections = line.connections.get(), .active = line.active.get(), .inactive = line.inactive.get()};
  }
};

}  // namespace fairway::tests
