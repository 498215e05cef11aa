// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "forward/open.hpp"

namespace fairway::forward {
namespace {

const service::Server* pick(const service::Service& service, const net::PacketView& packet, Context& context) noexcept {
  return service.scheduler->pick({.service = service,
                                  .worker = context.worker,
                                  .loads = context.loads,
                                  .packet = packet,
                                  .now = context.now,
                                  .random = context.random.next(),
                                  .settings = context.services.settings(),
                                  .watch = context.watch});
}

/// The client as far as the service tells clients apart.
net::AddressBytes network_of(net::Ipv4Address client, std::uint8_t prefix) noexcept {
  const std::uint32_t mask = prefix == 0 || prefix >= 32 ? ~0u : ~(~0u >> prefix);
  return net::AddressBytes(net::Ipv4Address(client.host() & mask));
}

conn::TemplateKey template_key(const service::Service& service, net::Ipv4Address client) noexcept {
  const service::Endpoint endpoint = service::endpoint_of(service.key);
  return {.client = network_of(client, service.persistence_prefix),
          .virtual_address = endpoint.address,
          .virtual_port = endpoint.port,
          .protocol = endpoint.protocol,
          .family = endpoint.family};
}

}  // namespace

const service::Server nobody{
    .id = {service::no_server}, .address = {}, .port = {}, .forwarding = service::Forwarding::dr};

bool may_bypass(const service::Service& service, const net::PacketView& packet, const Context& context) noexcept {
  if (!service.key.is_mark() || context.services.settings().cache_bypass == 0) return false;
  const net::Address destination = packet.tuple.destination;
  return !net::is_multicast(destination) && !net::is_broadcast(destination) &&
         context.routes->find_server(destination, 0) != route::this_host;
}

void serve_one_packet(Burst& burst, std::uint32_t i, const Choice& choice, Context& context) noexcept {
  const net::Tuple4& tuple = burst.packets[i].tuple;
  const service::Server& server = *choice.server;
  conn::Hot& entry = burst.scratch[i];
  entry = {.v4 = {.server = server.address.v4(), .client = tuple.source, .virtual_address = tuple.destination},
           .room_for_ipv6 = {},
           .server_port = choice.server_port,
           .client_port = tuple.source_port,
           .virtual_port = tuple.destination_port,
           .state = conn::State::udp,
           .flags = 0,
           .forwarding = server.forwarding,
           .protocol = tuple.protocol,
           .standing = 0,
           .unused = 0,
           .server_id = server.id,
           .next_hop_to_client = 0,
           .last_seen = context.now,
           .in_packets = 0,
           .timeout = 0};
  burst.connect(i, conn::Reference::to(0, false), entry);
  burst.missed.remove(i);
  service::bind_connection(server.id, context.lines, context.limits, context.loads);
  service::unbind_connection(server.id, context.lines, context.lines[server.id.value].inactive, context.limits,
                             context.loads);
  if (context.watch) context.watch->note(server.id);  // an overload may have ended
  if (choice.persistence != 0) context.templates->release(choice.persistence, context.now);
}

net::ServicePort server_port(const service::Service& service, const service::Server& server,
                             net::ServicePort asked) noexcept {
  if (server.port.host() == 0) return asked;
  return service.persistence != 0 && asked != service.key.port ? asked : server.port;
}

Choice choose(const service::Service& service, const net::PacketView& packet, Context& context) noexcept {
  const net::ServicePort asked = packet.tuple.destination_port;
  if (service.persistence == 0) {
    const service::Server* server = pick(service, packet, context);
    return {.server = server, .server_port = server ? server_port(service, *server, asked) : asked};
  }
  const bool gives_up_quiescent = context.services.settings().expire_quiescent_template != 0;
  const auto usable = [&](service::ServerId id) -> const service::Server* {
    const service::Server* server = service.find(id);
    if (!server || !context.statuses[id.value].get().available) return nullptr;
    return gives_up_quiescent && server->weight == 0 ? nullptr : server;
  };
  const auto binding =
      context.templates->bind(template_key(service, packet.tuple.source), service.persistence, context.now,
                              context.lines, usable, [&] { return pick(service, packet, context); });
  if (!binding.server) return {};
  return {.server = binding.server,
          .server_port = server_port(service, *binding.server, asked),
          .persistence = binding.handle};
}

}  // namespace fairway::forward
