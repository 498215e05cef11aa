# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Random traces: scenarios that a seed makes, the same ones for the same seed.

A trace sets up one to three services and then goes on for EVENTS events, in the shares of SHARES. It keeps clear of the
known differences, so that whatever it shows is a fault; what it must not do for that is said where it does not.
"""

import random

from .scenario import (AddServer, AddService, DeleteService, EditServer, EditService, Packet, RemoveServer, Scenario, Show, Wait)

EVENTS = 200
SHARES = {  # out of a hundred events
    "open": 30,       # new connections, or first packets once more
    "handshake": 14,  # the server's answer, the client's
    "data": 18,
    "close": 9,       # FIN from either end
    "reset": 4,
    "odd": 4,         # flags that make no sense, wrong checksums, IP options, strangers
    "weight": 7,
    "add": 4,
    "remove": 4,
    "scheduler": 3,
    "service": 1,     # deleted and made again
    "wait": 2,
}
SHOW_EVERY = 40
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "mh", "fo", "ovf")
_WEIGHTS = (0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 7, 10, 30, 100, 65535)
_ODD_FLAGS = ("NONE", "SYN,FIN", "SYN,RST", "SYN,ACK", "FIN", "URG,PSH", "RST,ACK", "FIN,SYN,ACK")
_LARGEST_PORT = 65000
_CLIENTS = 40
TRACES_A_SETTING = 144
_MAY_DIFFER = ("answers-counted",)  # it is explained by its row alone: what else differs is seen
_SETTINGS = {"conn_reuse_mode": (0, 2, 3), "expire_quiescent_template": (1,), "nat_icmp_send": (1,), "pmtu_disc": (0,),
             "secure_tcp": (3,), "sloppy_tcp": (1,)}


class _Service:
    """What the trace knows of a service; `number` keeps the servers and clients of a trace's services apart, as two
    connections of one client port to one NAT server cannot be told apart by its answers."""

    def __init__(self, number, chance):
        self.number = number
        self.name = f"w{number}"
        self.protocol = "udp" if chance.random() < 0.3 else "tcp"
        self.port = 53 if self.protocol == "udp" else 80
        self.method = chance.choice(("nat", "nat", "dr", "tun"))
        self.scheduler = chance.choice(SCHEDULERS)
        self.flags = _flags(chance, self.scheduler)
        self.ops = self.protocol == "udp" and self.method != "nat" and chance.random() < 0.25
        self.persistent, self.netmask = _persistence(chance)
        self.servers = {}   # (name, port) → [weight, method, upper threshold, lower]
        self.methods = {}   # (name, port) → method
        self.removed, self.retired = set(), set()
        self.flows = []     # (client, port) pairs that were opened
        self.next_port = {}

    def added(self):
        return AddService(self.name, self.protocol, f"vip{self.number}", self.port, self.scheduler, self.method, self.flags,
                          self.persistent, self.netmask, self.ops)


def _persistence(chance):
    """(seconds, netmask): never so short that it ends within a trace."""
    return (chance.choice((300, 3600)), chance.choice((0, 0, 24, 28))) if chance.random() < 0.2 else (0, 0)


def _thresholds(chance):
    if chance.random() > 0.15:
        return [0, 0]
    upper = chance.choice((1, 2, 3, 5, 8))
    return [upper, chance.choice((0, 0, 1, upper))]


def _flags(chance, scheduler):
    if scheduler not in ("sh", "mh"):
        return ()
    return tuple(flag for flag in (f"{scheduler}-fallback", f"{scheduler}-port") if chance.random() < 0.4)


class _Trace:
    def __init__(self, name):
        self.chance = random.Random(name)
        self.events = []
        self.services = [_Service(number, self.chance) for number in range(1, self.chance.choice((1, 1, 2, 3)) + 1)]

    def make(self):
        for service in self.services:
            self.events.append(service.added())
            for _ in range(self.chance.choice((0, 1, 2, 3, 3, 4, 5, 8))):
                self._add(service)
        setup = len(self.events)
        kinds, shares = list(SHARES), list(SHARES.values())
        long_wait = self.chance.random() < 0.12
        while len(self.events) < setup + EVENTS:
            done = len(self.events) - setup
            if done % SHOW_EVERY == SHOW_EVERY - 1:
                self.events.append(Show())
            elif long_wait and done == EVENTS // 2:
                self.events.append(Wait(12))  # connections in CLOSE end
            else:
                getattr(self, f"_{self.chance.choices(kinds, shares)[0]}")(self.chance.choice(self.services))
        return self.events

    # --- packets ------------------------------------------------------------------------------------------------

    def _packet(self, service, client, port, to_server, flags, times=1, **options):
        flags = "UDP" if service.protocol == "udp" else flags
        self.events.append(Packet(client, port, to_server, service.name, flags, times, tuple(options.items())))

    def _open(self, service):
        chance = self.chance
        if service.flows and chance.random() < 0.2:
            self._packet(service, *chance.choice(service.flows), True, "SYN")
            return self.events.append(Wait(0.05))  # a connection that ended for it counts in the kernel for a tick more
        kind = "f" if chance.random() < 0.1 else "c"
        client = f"{kind}{chance.randint(1, _CLIENTS)}"
        port = service.next_port.get(client, 1025 + 5000 * service.number)
        times = chance.choice((1, 1, 1, 2, 3, 5, 8))
        service.next_port[client] = port + times
        service.flows += [(client, port + number) for number in range(times)]
        self._packet(service, client, port, True, "SYN", times, **self._looks(service))

    def _flow(self, service):
        """One of the latest more often than an old one; (client, port)."""
        if not service.flows:
            self._open(service)
        recent = service.flows[-12:] if self.chance.random() < 0.7 else service.flows
        return self.chance.choice(recent)

    def _run(self, service):
        """A flow and how many after it have the same client and count up."""
        client, port = self._flow(service)
        place, times = service.flows.index((client, port)), 1
        most = self.chance.choice((1, 1, 2, 4))
        while times < most and place + times < len(service.flows) and service.flows[place + times] == (client, port + times):
            times += 1
        return client, port, times

    def _handshake(self, service):
        client, port, times = self._run(service)
        if self._answers(service) and self.chance.random() < 0.5:
            self._packet(service, client, port, False, "SYN,ACK", times)
        else:
            self._packet(service, client, port, True, "ACK", times)

    def _answers(self, service):
        """Whether replies come through the director: only those of NAT do."""
        return service.method == "nat"

    def _data(self, service):
        client, port, times = self._run(service)
        to_server = not self._answers(service) or self.chance.random() < 0.5
        flags = self.chance.choice(("ACK", "PSH,ACK"))
        self._packet(service, client, port, to_server, flags, times, **self._looks(service), **self._body(service, to_server))

    def _body(self, service, to_server):
        size = self.chance.choice((0, 1, 2, 3, 10, 99, 500, 1100))  # with all options and a tunnel it fits 1300 bytes
        options = {"data": size} if size else {}
        if self.chance.random() < 0.08 and service.method == "nat":  # of others the kernel counts its own answers
            options = {"ttl": self.chance.choice((1, 2))}
            if not to_server or service.method == "nat" and self.chance.random() < 0.5:
                options = {"size": 1401 if to_server else 1400, "df": True}
        return options

    def _looks(self, service):
        """Header fields that nobody cares about but checksums."""
        options = {}
        if self.chance.random() < 0.2:
            options["tos"] = self.chance.choice((0x02, 0x03, 0x10, 0xB8, 0xFF))
        if self.chance.random() < 0.1:
            options["ihl"] = self.chance.choice((6, 10, 15))
        if self.chance.random() < 0.1:
            options["tcpoptions" if service.protocol == "tcp" else "id"] = self.chance.choice((4, 12, 40))
        return options

    def _close(self, service):
        client, port, times = self._run(service)
        to_server = not self._answers(service) or self.chance.random() < 0.5
        self._packet(service, client, port, to_server, "FIN,ACK", times)

    def _reset(self, service):
        client, port, times = self._run(service)
        to_server = not self._answers(service) or self.chance.random() < 0.5
        self._packet(service, client, port, to_server, "RST", times)

    def _odd(self, service):
        client, port = self._flow(service)
        kind = self.chance.choice(("flags", "flags", "checksum", "stranger", "ftp"))
        to_server = not self._answers(service) or self.chance.random() < 0.5
        if kind == "flags":
            self._packet(service, client, port, to_server, self.chance.choice(_ODD_FLAGS))
        elif kind == "checksum":
            self._packet(service, client, port, to_server, "ACK", checksum="bad", data=3)
        elif kind == "stranger":
            self._packet(service, client, 60000 + self.chance.randrange(5000), True, self.chance.choice(("ACK", "FIN,ACK", "RST")))
        else:
            self._packet(service, client, 20, True, "SYN")

    # --- edits --------------------------------------------------------------------------------------------------

    def _add(self, service):
        chance = self.chance
        name = f"s{10 * service.number + chance.randrange(10)}"
        port = 0
        if service.method == "nat" and chance.random() < 0.2:
            port = service.port + 8000
        elif service.method == "dr" and chance.random() < 0.2:
            name = f"o{10 * service.number + chance.randrange(10)}"
        if (name, port) in service.servers or (name, port) in service.retired:
            return
        # A server keeps its method for ever: the kernel keeps one route for connections of the old and the new one.
        method = service.methods.setdefault((name, port), "nat" if service.method == "nat" else chance.choice(("dr", "tun")))
        service.servers[name, port] = [chance.choice(_WEIGHTS), method, *_thresholds(chance)]
        self.events.append(AddServer(service.name, name, port, *service.servers[name, port]))

    def _weight(self, service):
        if not service.servers:
            return self._add(service)
        key = self.chance.choice(list(service.servers))
        row = service.servers[key]
        row[0] = self.chance.choice(_WEIGHTS)
        if row[2] or self.chance.random() < 0.1:
            row[2:] = _thresholds(self.chance)
        self.events.append(EditServer(service.name, *key, *row))

    def _remove(self, service):
        if not service.servers:
            return self._add(service)
        key = self.chance.choice(list(service.servers))
        del service.servers[key]
        service.removed.add(key)
        self.events.append(RemoveServer(service.name, *key))

    def _scheduler(self, service):
        service.scheduler = self.chance.choice(SCHEDULERS)
        service.flags = _flags(self.chance, service.scheduler)
        if self.chance.random() < 0.2:
            service.persistent, service.netmask = _persistence(self.chance)
        self.events.append(EditService(service.name, service.scheduler, service.flags, service.persistent, service.netmask,
                                       service.ops))

    def _service(self, service):
        # Counters of servers that come back begin at zero, but in the kernel with what came since its estimator's last tick.
        self.events.append(Wait(2.5))
        service.retired |= service.removed
        self.events += [DeleteService(service.name), service.added()]
        for key, row in service.servers.items():
            self.events.append(AddServer(service.name, *key, *row))

    def _wait(self, service):
        self.events.append(Wait(self.chance.choice((0.1, 0.3, 1.1))))


def trace(seed, number):
    """The number-th trace of a seed."""
    name = f"{seed}-{number}"
    about = f"A random trace: tools/oracle --seed {seed}, number {number}."
    return Scenario(f"trace-{name}", about, _Trace(name).make(), may_differ=_MAY_DIFFER,
                    settings=_settings(seed, number // TRACES_A_SETTING))


def _settings(seed, group):
    """Of a group of traces, which are played side by side: every other one has some."""
    chance = random.Random(f"{seed} settings {group}")
    if group % 2 == 0:
        return ()
    return tuple((name, chance.choice(values)) for name, values in _SETTINGS.items() if chance.random() < 0.4)
