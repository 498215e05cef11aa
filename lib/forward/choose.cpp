// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <algorithm>

#include "forward/open.hpp"

namespace fairway::forward {
namespace {

const service::Server* find_server(const service::Service& service, service::ServerId id) noexcept {
  const auto found = std::find_if(service.servers.begin(), service.servers.end(),
                                  [&](const service::Server& server) { return server.id == id; });
  return found == service.servers.end() ? nullptr : &*found;
}

const service::Server* pick(const service::Service& service, const net::PacketView& packet, Context& context) noexcept {
  return service.scheduler->pick({.service = service,
                                  .worker = context.worker,
                                  .loads = context.loads,
                                  .packet = packet,
                                  .now = context.now,
                                  .random = context.random.next()});
}

}  // namespace

Choice choose(const service::Service& service, const net::PacketView& packet, Context& context) noexcept {
  if (service.persistence == 0) return {.server = pick(service, packet, context)};
  const conn::TemplateKey key{.client = net::AddressBytes(packet.tuple.source),
                              .virtual_address = service.key.address.bytes,
                              .virtual_port = service.key.port,
                              .protocol = service.key.protocol,
                              .family = service.key.address.family};
  const auto binding = context.templates->bind(
      key, service.persistence, context.now, [&](service::ServerId id) { return find_server(service, id) != nullptr; },
      [&]() -> std::optional<service::ServerId> {
        const service::Server* server = pick(service, packet, context);
        if (!server) return std::nullopt;
        return server->id;
      });
  if (!binding) return {};
  return {.server = find_server(service, binding->server), .persistence = binding->handle};
}

}  // namespace fairway::forward
