# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The faults: where, what stands there, what stands there wrongly. tools/oracle --check-faults tells which have lost their
place; whoever changes the source gives the fault its new text, or another of its kind."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    file: str
    original: str
    faulty: str
    is_statement: bool = False
    scenarios: tuple = ()  # those that are there to see this; played first


def _statement(name, file, original, faulty, *scenarios):
    return Fault(name, file, original, faulty, True, scenarios)


def _expression(name, file, original, faulty, *scenarios):
    return Fault(name, file, original, faulty, False, scenarios)


_SCHEDULERS = (
    _expression("lc: inactive connections do not count", "lib/sched/lc.cpp", "overhead(loads, member.id)",
                "std::uint64_t{loads.active(member.id)}", "active-against-inactive"),
    _expression("lc, wlc, sed, fo: a tie goes to the last in the list", "lib/sched/least.hpp", "best && !is_less(its, least)",
                "best && is_less(least, its)", "nat-tcp-half-open"),
    _expression("an active connection counts as 50 inactive ones", "lib/sched/overhead.hpp",
                "256 * std::uint64_t{loads.active(id)}", "50 * std::uint64_t{loads.active(id)}",
                "active-against-inactive"),
    _expression("sed: the new connection is not counted in", "lib/sched/overhead.hpp",
                "std::uint64_t{loads.active(id)} + 1", "std::uint64_t{loads.active(id)} + 0", "all-schedulers-weights"),
    _expression("nq: a server with one connection is idle", "lib/sched/nq.cpp",
                "loads.active(member.id) == 0", "loads.active(member.id) <= 1", "all-schedulers-weights"),
    _expression("fo: the lightest first", "lib/sched/fo.cpp", "lightness(member.weight)", "std::uint64_t{member.weight}",
                "all-schedulers-weights"),
    _expression("ovf: `<` for `<=`", "lib/sched/ovf.cpp", "loads.active(member.id) <= member.weight",
                "loads.active(member.id) < member.weight", "all-schedulers-weights"),
    _expression("rr: the place is lost with every edit", "lib/sched/rr.cpp",
                "std::min(state.place, before.servers.size())", "std::size_t{0}", "rr-edits"),
    _expression("wrr: no common divisor", "lib/sched/wrr.cpp",
                "std::gcd(divisor, std::int64_t{server.weight})", "std::int64_t{1}", "wrr-edits"),
    _expression("wrr: the level begins anew with every edit", "lib/sched/wrr.cpp",
                "state.level > levels.highest() || state.level == 0", "true", "wrr-edits"),
    _expression("sh: weights ignored", "lib/sched/sh.cpp", "std::max(service.servers[server].weight, 1u)", "1u", "hashing"),
    _expression("sh: the fallback begins at the bucket itself", "lib/sched/sh.cpp",
                "(2 * bucket + offset) % buckets", "(bucket + offset) % buckets", "sh-fallback"),
    _expression("dh: a server of weight 0 is chosen", "lib/sched/dh.cpp",
                "takes_connections(question.loads, server) ? &server : nullptr", "&server", "edits-dh"),
    _expression("mh: one turn too many", "lib/sched/mh.cpp", "std::max(turns, 1u)", "turns + 1", "edits-mh"),
    _expression("mh: weight 0 changes the table", "lib/service/spec.hpp", "weight > 0 ? weight : last_weight", "weight", "edits-mh"),
    _expression("lblc, lblcr: full one connection early", "lib/sched/locality.hpp",
                "question.loads.active(server.id) > server.weight", "question.loads.active(server.id) >= server.weight",
                "dh-marks", "edits-lblc", "edits-lblcr"),
)
_CONNECTIONS = (
    _expression("RST in SYN_RECV closes", "lib/conn/state.hpp",
                "machines[static_cast<std::size_t>(direction)][event][static_cast<std::size_t>(state)]",
                "event == tcp::rst && state == State::syn_recv ? State::close : "
                "machines[static_cast<std::size_t>(direction)][event][static_cast<std::size_t>(state)]",
                "nat-tcp-reset-in-each-state"),
    _expression("ESTABLISHED lasts 901 s", "lib/conn/state.hpp", "seconds[static_cast<std::size_t>(state)]",
                "seconds[static_cast<std::size_t>(state)] + (state == State::established ? 1u : 0u)", "dr-tcp"),
    _expression("half-open connections are inactive", "lib/conn/state.hpp",
                "state == State::established || state == State::syn_sent || state == State::syn_recv || state == State::synack",
                "state == State::established || state == State::syn_sent || state == State::synack", "nat-tcp-half-open"),
    _statement("a reply does not start the timeout anew", "lib/forward/advance.hpp",
               "entry.last_seen = context.now;", "if (!is_reply) entry.last_seen = context.now;", "nat-udp"),
    _statement("replies are not counted", "lib/forward/advance.hpp",
               "(is_reply ? line.out_packets : line.in_packets).add(1);", "if (!is_reply) line.in_packets.add(1);", "counting"),
    _statement("bytes are counted with the link layer", "lib/forward/advance.hpp",
               "(is_reply ? line.out_bytes : line.in_bytes).add(packet.network_length);",
               "(is_reply ? line.out_bytes : line.in_bytes).add(packet.network_length + 14u);", "counting"),
    _statement("replies of deleted servers are counted", "lib/forward/next_hop.hpp",
               "if (!status.available) burst.uncounted.add(known.i);", ";", "server-deleted"),
    _statement("a reused connection is forgotten before its SYN's server is chosen", "lib/forward/find.hpp",
               "if (!entry.is_due(context.now)) keep_counted(burst, i, entry, context);", ";", "conn-reuse-counts"),
    _expression("port 20 opens connections", "lib/forward/open.hpp", "packet.tuple.source_port == ftp_data", "false", "port-20"),
    _expression("a server that comes back is a new one", "lib/control/servers.cpp", "deleted != trash_.end()",
                "deleted == trash_.begin() && false", "server-deleted-and-back"),
    _expression("counters survive the service", "lib/control/servers.cpp",
                "server.service && *server.service != service", "false", "service-deleted"),
    _expression("the upper threshold is off by one", "lib/service/limits.hpp", "total >= most", "total > most", "thresholds"),
    _expression("the lower threshold is off by one", "lib/service/limits.hpp", "total < least", "total <= least",
                "thresholds-lower-ends"),
    _expression("three quarters: `<=` for `<`", "lib/service/limits.hpp",
                "4 * std::uint64_t{total} < 3 * most", "4 * std::uint64_t{total} <= 3 * most", "thresholds"),
    _expression("overloaded servers are chosen", "lib/sched/scheduler.hpp",
                "server.weight > 0 && !loads.is_overloaded(server.id)", "server.weight > 0", "thresholds"),
    _expression("the netmask of persistence is ignored", "lib/forward/choose.cpp", "client.host() & mask", "client.host()",
                "persistence-netmask"),
    _statement("a template is not renewed", "lib/conn/templates.hpp", "    found->last_used = now;\n",
               "if (found->connections == 0) found->last_used = now;", "persistence-renewed"),
    _statement("templates are not counted as persistent", "lib/conn/templates.cpp",
               "lines[server.id.value].persistent.add(1);", ";", "persistence"),
)
_PACKETS = (
    _expression("TTL 1 goes on to the server", "lib/forward/rewrite.hpp", "ip.ttl <= 1", "ip.ttl < 1", "ttl"),
    _statement("the TTL of replies stays", "lib/forward/rewrite.hpp",
               "decrement_ttl(*known.packet.ipv4());", ";", "nat-tcp-client-closes"),
    _expression("a packet as large as the MTU is too big", "lib/forward/rewrite.hpp",
                "packet.network_length > mtu", "packet.network_length >= mtu", "mtu-nat"),
    _expression("TUN: the outer header takes no room", "lib/forward/rewrite.hpp", "(is_tun ? tun_overhead : 0)", "0", "mtu-tun"),
    _statement("NAT: the checksum forgets the port", "lib/forward/nat.cpp", "change.replace(port, new_port);", ";",
                "nat-other-port"),
    _statement("NAT: the port stays", "lib/forward/nat.cpp", "  port = new_port;", ";", "nat-other-port"),
    _statement("NAT: a UDP checksum of 0 is adjusted", "lib/forward/nat.cpp", "if (checksum.raw() == 0) return;", ";",
               "nat-udp-checksum-0"),
    _expression("TUN: congestion marks go outside", "lib/forward/tun.hpp", "(inner & ecn) == congestion", "false", "tun-tos"),
    _expression("TUN: an id although DF is set", "lib/forward/tun.hpp", "forbids_fragments ? 0 : tunnel.id", "tunnel.id",
                "tun-tcp"),
    _expression("ICMP: the type of service is not the packet's", "lib/net/icmp.cpp", "(service & 0x1e) | 0xc0", "0xc0",
                "icmp-errors"),
)
FAULTS = (*_SCHEDULERS, *_CONNECTIONS, *_PACKETS)
