// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include "forward/advance.hpp"
#include "forward/answer.hpp"
#include "forward/classify.hpp"
#include "sched/registry.hpp"

namespace fairway::forward {

/// May this packet open a connection? Not from port 20, which IPVS leaves to FTP's active data connections, whatever the
/// protocol. TCP: a SYN without RST, or with sloppy_tcp anything without RST. UDP: any.
inline bool may_open(const net::PacketView& packet, const service::Settings& settings) noexcept {
  constexpr net::ServicePort ftp_data{std::uint16_t{20}};
  if (packet.tuple.source_port == ftp_data) return false;
  if (packet.tuple.protocol != net::Protocol::tcp) return true;
  const auto has = [&](std::uint8_t flag) { return (packet.tcp_flags & flag) != 0; };
  return (has(net::TcpHeader::syn) || settings.sloppy_tcp != 0) && !has(net::TcpHeader::rst);
}

/// Whether no client can have sent this: from 0.0.0.0/8, 127.0.0.0/8, a group, everybody's address, or its own
/// destination (a land attack). The kernel's routing drops such martians before IPVS sees them.
inline bool is_martian(const net::Tuple4& tuple) noexcept {
  const std::uint32_t source = tuple.source.host();
  return source >> 24 == 0 || source >> 24 == 127 || source >> 28 == 0xe || source == ~std::uint32_t{0} ||
         tuple.source == tuple.destination;
}

/// Who is to serve a new connection, and what binds its client to that server.
struct Choice {
  const service::Server* server = nullptr;  // null: nobody can
  net::ServicePort server_port{};           // where its packets go: the server's own, or the packet's
  conn::Templates::Handle persistence = 0;
};

/// Asks the scheduler, or the client's template first if the service is persistent.
Choice choose(const service::Service& service, const net::PacketView& packet, Context& context) noexcept;

/// The server of connections that have none: their packets go on by the routes.
extern const service::Server nobody;

/// With the setting cache_bypass, a packet to a service by mark is let pass to where it was sent to, if that is somewhere.
bool may_bypass(const service::Service& service, const net::PacketView& packet, const Context& context) noexcept;

/// Each packet is scheduled by itself and leaves nothing behind: UDP only, as in the kernel.
inline bool is_one_packet(const service::Service& service, const net::PacketView& packet) noexcept {
  return service.one_packet && packet.tuple.protocol == net::Protocol::udp;
}
/// As if the packet's connection was opened and had ended with it. Its replies are no connection's: NAT does not
/// translate them.
void serve_one_packet(Burst& burst, std::uint32_t i, const Choice& choice, Context& context) noexcept;

/// Where the packets of a new connection go. A persistent service that has many ports leaves a client's packets the port
/// that they came to, whatever port the server was given; another goes by the server's, if it has one.
net::ServicePort server_port(const service::Service& service, const service::Server& server,
                             net::ServicePort asked) noexcept;

/// Opens with the server that was chosen; if its reply tuple is taken, with the first other that can, unless the client is
/// bound to that one.
template <class Connections>
auto open_with(const Choice& choice, const service::Service& service, const net::Tuple4& tuple, std::uint64_t hash,
               Connections& connections, const Context& context) noexcept {
  const auto open = [&](const service::Server& server, net::ServicePort port) {
    return connections.open({.tuple = tuple,
                             .server = server,
                             .server_port = port,
                             .service = service.id,
                             .persistence = choice.persistence},
                            hash, context.now);
  };
  auto opening = open(*choice.server, choice.server_port);
  if (service.persistence == 0)
    for (const service::Server& other : service.servers) {
      if (opening.outcome != Connections::Opened::tuple_taken) break;
      if (other.id == choice.server->id || !sched::takes_connections(context.loads, other)) continue;
      opening = open(other, server_port(service, other, tuple.destination_port));
    }
  if (opening.outcome != Connections::Opened::yes && choice.persistence != 0)
    context.templates->release(choice.persistence, context.now);
  return opening;
}

/// What was opened is the packet's connection from here on.
template <class Connections>
void begin(Burst& burst, std::uint32_t i, const typename Connections::Opening& opening, Connections& connections,
           const Context& context) noexcept {
  switch (opening.outcome) {
    case Connections::Opened::yes:
      burst.connect(i, conn::Reference::to(opening.slot, false), connections.hot(opening.slot));
      burst.missed.remove(i);
      // Now and not with the burst's advance: the next packet's choice goes by the active connections. That the packet
      // meets this state once more changes nothing.
      if (const net::PacketView& packet = burst.packets[i]; packet.tuple.protocol == net::Protocol::tcp)
        connections.set_state(opening.slot,
                              next_state(connections.hot(opening.slot), packet, false, context.defence.machines()),
                              context.now);
      return;
    case Connections::Opened::tuple_taken: return burst.decide(i, Verdict::drop_tuple_taken);
    case Connections::Opened::full: return burst.decide(i, Verdict::drop_table_full);
  }
}

/// A packet that nobody can serve (ip_vs_leave). With cache_bypass, one to a service by mark goes on to where it was sent
/// to, with a connection that has no server; one that may be FTP's data is left to the local stack; else the client is told.
template <class Connections>
void leave(Burst& burst, std::uint32_t i, const service::Service& service, Connections& connections,
           Context& context) noexcept {
  const net::PacketView& packet = burst.packets[i];
  if (may_bypass(service, packet, context)) {
    const Choice choice{.server = &nobody};
    if (is_one_packet(service, packet)) return serve_one_packet(burst, i, choice, context);
    const auto opening =
        connections.open({.tuple = packet.tuple, .server = nobody, .server_port = {}, .service = service.id},
                         burst.hashes[i], context.now);
    return begin(burst, i, opening, connections, context);
  }
  if (service.key.port == service::ftp_port && packet.tuple.destination_port != service::ftp_port)
    return burst.decide(i, Verdict::to_kernel);
  answer(burst, i, Verdict::answer_port_unreachable, packet.tuple.destination, 0, context);
}

template <class Connections>
void open_one(Burst& burst, std::uint32_t i, const service::Service& service, Connections& connections,
              Context& context) noexcept {
  const net::PacketView& packet = burst.packets[i];
  // A packet before this one in the burst may have opened it.
  if (const auto opened = connections.find(packet.tuple, burst.hashes[i])) {
    burst.connect(i, *opened, connections.hot(opened->slot()));
    burst.missed.remove(i);
    return;
  }
  if (!may_open(packet, context.services.settings())) return burst.decide(i, Verdict::to_kernel);
  if (is_martian(packet.tuple)) return burst.decide(i, Verdict::drop_martian);
  if (context.defence.drops_packet()) return burst.decide(i, Verdict::drop_defence);
  const Choice choice = choose(service, packet, context);
  if (!choice.server) return leave(burst, i, service, connections, context);
  // A server that control is just taking away: the client tries again in a second, and gets another.
  if (!context.statuses[choice.server->id.value].get().available) {
    if (choice.persistence != 0) context.templates->release(choice.persistence, context.now);
    return burst.decide(i, Verdict::drop_server_gone);
  }
  if (is_one_packet(service, packet)) return serve_one_packet(burst, i, choice, context);
  const auto opening = open_with(choice, service, packet.tuple, burst.hashes[i], connections, context);
  begin(burst, i, opening, connections, context);
}

/// Opens a connection for each undecided miss to a service. Afterwards what is still undecided has a connection.
template <class Connections>
void open(Burst& burst, const Classified& classified, Connections& connections, Context& context) noexcept {
  for (const std::uint32_t i : classified.to_service.both(burst.undecided))
    open_one(burst, i, *classified.services[i], connections, context);
}

}  // namespace fairway::forward
