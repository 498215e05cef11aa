// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/director.hpp"

/// A director without packets: its workers exist as channels and lines, and take their mail when they are told to.
namespace fairway::test {

inline net::Address address(const std::string& text) { return net::parse_address(text).value(); }
inline net::ServicePort port(unsigned number) { return net::ServicePort(static_cast<std::uint16_t>(number)); }

/// The keys of services: 10.0.0.0/8 by number.
inline service::ServiceKey key(std::uint32_t number = 1, unsigned service_port = 80) {
  return {
      .protocol = net::Protocol::tcp, .address = net::Ipv4Address(0x0a000000u + number), .port = port(service_port)};
}

struct Keeper : control::NeighbourKeeper {
  void want(const net::Address& address) override { calls.push_back("want " + net::to_string(address)); }
  void unwant(const net::Address& address) override { calls.push_back("unwant " + net::to_string(address)); }

  std::vector<std::string> calls;
};

struct ControlFixture {
  static constexpr unsigned workers = 2;

  worker::Crew crew{workers};
  Keeper keeper;
  control::Director director{crew, keeper};

  /// Applies a command as one client's only one; what refused it, or an empty string.
  std::string apply(const control::Command& command) {
    const auto result = director.apply(command);
    drain();
    const auto committed = director.commit();
    return !result ? result.error().message : committed ? "" : committed.error().message;
  }

  /// All workers take their mail; then the commands so far can be acknowledged.
  void finish() {
    drain();
    director.settle();
  }

  void drain() {
    for (unsigned worker = 0; worker < workers; ++worker)
      crew.channel(worker).drain([&](const worker::ServiceChanged& change) {
        if (worker == 0 && (change.before || change.after)) heard.push_back(change);
      });
  }

  std::string add_service(const service::ServiceKey& service, std::vector<service::ServerSpec> servers = {}) {
    return apply(
        control::AddService{{.name = "web", .key = service, .scheduler = "rr", .servers = std::move(servers)}});
  }

  const service::Server& server(const service::ServiceKey& service, const std::string& server_address) const {
    for (const auto& server : director.find(service)->servers)
      if (server.address == address(server_address)) return server;
    throw std::runtime_error("no server " + server_address);
  }

  service::ServerStatus::Value status(service::ServerId id) const { return director.statuses()[id.value].get(); }

  std::vector<worker::ServiceChanged> heard;  // by the first worker; of services that changed
};

}  // namespace fairway::test
